/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts what the status of the resource reports: open connection ends by their reason, and bytes, by namespace and CPU. */
#ifndef SIDECAR_ACCELERATION_STATISTICS_H
#define SIDECAR_ACCELERATION_STATISTICS_H

#include "maps.h"

/* Atomic also for words of one CPU, because a sock_ops callback may interrupt sk_msg on the same CPU. */
#define ADD(word, n) __sync_fetch_and_add(&(word), (n))

static __always_inline struct statistics *statistics_of(__u32 slot)
{
	return bpf_map_lookup_elem(&statistics, &slot);
}

/* An index below `length`, which is a power of two, in a form that verifiers before 6.13 follow: they forget a bound that was checked on a
 * copy of the register. */
#define BOUNDED(index, length)     \
	({                         \
		__u64 i = (index); \
		barrier_var(i);    \
		i &((length)-1);   \
	})

/* Adds one to a sum of a namespace. */
#define COUNT(slot, sum)                                          \
	({                                                        \
		struct statistics *counted = statistics_of(slot); \
                                                                  \
		if (counted)                                      \
			ADD(counted->sum, 1);                     \
	})

static __always_inline void count_reason(__u32 slot, enum reason reason, __s64 ends)
{
	struct statistics *counts = statistics_of(slot);

	if (counts)
		ADD(counts->reasons[BOUNDED(reason, REASON_SLOTS)], ends);
}

/* Moves one end from the gauge of one reason to that of another. REASON_NONE has no gauge. */
static __always_inline void move_reason(__u32 slot, enum reason from, enum reason to)
{
	struct statistics *counts = statistics_of(slot);

	if (!counts)
		return;
	if (from != REASON_NONE)
		ADD(counts->reasons[BOUNDED(from, REASON_SLOTS)], -1);
	if (to != REASON_NONE)
		ADD(counts->reasons[BOUNDED(to, REASON_SLOTS)], 1);
}

static __always_inline void set_reason(struct socket_state *state, enum reason reason)
{
	if (state->reason == reason)
		return;
	move_reason(state->slot, state->reason, reason);
	state->reason = reason;
}

static __always_inline void count_tcp_bytes(__u32 slot, __u64 bytes)
{
	struct statistics *counts = statistics_of(slot);

	if (counts)
		ADD(counts->tcp_bytes, bytes);
}

/* Counts bytes that no program has seen: those sent while the socket was not in the SOCKHASH. */
static __always_inline void count_sent(struct socket_state *state, struct tcp_sock *tp)
{
	__u64 sent = tp->bytes_sent - tp->bytes_retrans;

	if (sent <= state->tcp_bytes)
		return;
	count_tcp_bytes(state->slot, sent - state->tcp_bytes);
	state->tcp_bytes = sent;
}

static __always_inline void count_message(struct socket_state *state, enum gate gate, __u32 bytes)
{
	struct statistics *counts = statistics_of(state->slot);

	state->gate = gate;
	state->shown.messages++;
	if (gate == GATE_OPEN)
		state->fast_bytes += bytes;
	else
		state->tcp_bytes += bytes;
	if (!counts)
		return;
	if (gate == GATE_OPEN) {
		ADD(counts->fast_bytes, bytes);
		return;
	}
	ADD(counts->gates[BOUNDED(gate, GATE_SLOTS)], 1);
	ADD(counts->tcp_bytes, bytes);
}

/* Keeps the gauge of adopted ends. */
static __always_inline void mark_adopted(struct socket_state *state, bool adopted)
{
	struct statistics *counts;

	if (state->adopted == adopted)
		return;
	state->adopted = adopted;
	counts = statistics_of(state->slot);
	if (counts)
		ADD(counts->adopted, adopted ? 1 : -1);
}

#endif
