/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages that go over TCP now and then although they could be redirected. The network's rules and conntrack see the connection by them, and
 * TCP measures its retransmission timer. */
#ifndef SIDECAR_ACCELERATION_REFRESH_H
#define SIDECAR_ACCELERATION_REFRESH_H

#include "psock.h"
#include "timers.h"

/* A new rule that drops packets stops an open connection at its next message over TCP. One goes over TCP within a second, whatever the HZ. */
#define REFRESH_NS 900000000ULL
/* 0.08 s to 0.8 s, by the kernel's HZ of 1000 to 100: less than REFRESH_NS. Before they are over the clock is not read. */
#define REFRESH_JIFFIES 80
/* From one reading of the clock to the next: 8 ms to 80 ms. */
#define CLOCK_JIFFIES 8
/* A connection of a few requests sends none of them over TCP for a sample. From here on every second message is one, until the timer is short
 * (EARLY_SAMPLES), and then one in eight until it is as short as it gets (TIMER_SAMPLES). */
#define MESSAGES_BEFORE_SAMPLES 5
#define EARLY_SAMPLES 8
#define MESSAGES_PER_EARLY_SAMPLE 2
#define MESSAGES_PER_SAMPLE 8

static __always_inline void note_refresh(struct socket_state *state)
{
	state->next_clock = bpf_jiffies64() + REFRESH_JIFFIES;
	state->refreshed_ns = bpf_ktime_get_ns();
}

/* Checks whether a message has to be seen by the network again. conntrack forgets a connection whose bytes it does not see, and then answers its
 * next segment with a reset (nf_conntrack_tcp_timeout_established; net/netfilter/nf_conntrack_proto_tcp.c). One message and its
 * acknowledgement renew both directions. */
static __always_inline bool check_refresh(struct socket_state *state)
{
	__u64 now = bpf_jiffies64();

	if (now < state->next_clock)
		return false;
	state->next_clock = now + CLOCK_JIFFIES;
	return bpf_ktime_get_ns() - state->refreshed_ns >= REFRESH_NS;
}

/* Whether this message goes over TCP for a sample of its timer. */
static __always_inline bool measures_timer(const struct socket_state *state)
{
	__u32 more = state->shown.messages - MESSAGES_BEFORE_SAMPLES;

	if (state->samples >= TIMER_SAMPLES || state->shown.messages < MESSAGES_BEFORE_SAMPLES)
		return false;
	return !(more % (state->samples < EARLY_SAMPLES ? MESSAGES_PER_EARLY_SAMPLE : MESSAGES_PER_SAMPLE));
}

static __always_inline void refresh(struct socket_state *state)
{
	state->samples += state->samples < TIMER_SAMPLES;
	note_refresh(state);
}

/* Whether the reader takes messages although its psock queue is never found empty. Such a reader gets a message over TCP, which waits until
 * the queue is empty (hold.h). A reader that has stopped gets none, because the wait would last longer than its stop. */
static __always_inline bool has_read_since(const struct socket_state *state)
{
	__u64 unread = count_unread(state->peer.sock);

	return unread != UNKNOWN && unread >> 32 < state->backlog_messages;
}

/* Whether this message goes over TCP although it could be redirected. `empty`: nothing is unread in the peer's psock queue. */
static __always_inline bool needs_refresh(struct socket_state *state, bool empty)
{
	if (empty && measures_timer(state))
		return true;
	return check_refresh(state) && (empty || has_read_since(state));
}

#endif
