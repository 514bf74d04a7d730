/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a connection takes turns or is a stream: by its messages while it is joined, by its segments while it is not. */
#ifndef SIDECAR_ACCELERATION_TURNS_H
#define SIDECAR_ACCELERATION_TURNS_H

#include "kernel.h"
#include "connections.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* A connection is a stream after so many messages without an answer, if they have gone on for STREAM_JIFFIES: 10 ms to 100 ms, by the kernel's HZ
 * of 1000 to 100. A burst to a reader that is busy for a moment is no stream. */
#define LONGEST_RUN 64
#define STREAM_JIFFIES 10
/* If the messages of such a run have this length on average, redirecting them is as fast as TCP. */
#define LARGE_MESSAGE 16384
/* An open connection is worth joining after so many turns, twice as many after each departure. */
#define WORTH_JOINING_TURNS 4

/* Counts a message. False where the connection has become a stream. TCP carries a stream of many small messages better, because it puts them
 * together. */
static __always_inline bool count_turn(struct socket_state *state, const struct shown *peer_shown, __u32 size)
{
	if (peer_shown->messages != state->peer_messages) {
		state->peer_messages = peer_shown->messages;
		state->run = 0;
		state->run_bytes = 0;
		state->turns++;
	}
	state->run_bytes += size;
	if (++state->run <= LONGEST_RUN) {
		state->run_long_since = 0;
		return true;
	}
	if (!state->run_long_since)
		state->run_long_since = bpf_jiffies64();
	return state->run_bytes > (__u64)state->run * LARGE_MESSAGE || bpf_jiffies64() - state->run_long_since < STREAM_JIFFIES;
}

/* Counts the turns of an open connection that is not joined, by the segments with data each way since it last left or was a stream. True where
 * they make it worth joining. A segment has at most 64 KiB, on an Ethernet path about 1.4 KiB. */
static __always_inline bool measure_turns(struct socket_state *state, struct tcp_sock *tp)
{
	__u32 received = BPF_CORE_READ(tp, data_segs_in), sent = BPF_CORE_READ(tp, data_segs_out);
	__u32 in = received - state->seen_in, out = sent - state->seen_out;
	__u32 turns = in < out ? in : out, most = in < out ? out : in;

	if (most / LONGEST_RUN > turns) { /* a stream: the count begins again */
		state->seen_in = received;
		state->seen_out = sent;
		return false;
	}
	return turns >= (__u32)WORTH_JOINING_TURNS << (state->departures & 7);
}

#endif
