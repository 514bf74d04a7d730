/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the status of the resource is proved by: gauges of connection ends and sums of bytes, per namespace and CPU. */
#ifndef SIDECAR_ACCELERATION_COUNTERS_H
#define SIDECAR_ACCELERATION_COUNTERS_H

#include "maps.h"

/* sock_ops callbacks may interrupt sk_msg on the same CPU, so even per-CPU words are added to atomically. */
#define ADD(word, n) __sync_fetch_and_add(&(word), (n))

static __always_inline struct tally *tally_of(__u32 slot)
{
	return bpf_map_lookup_elem(&tallies, &slot);
}

/* An index below `length`, a power of two, in a form that verifiers before 6.13 follow: they forget a bound that was
 * checked on a copy of the register. */
#define BOUNDED(index, length) ({ __u64 i = (index); barrier_var(i); i & ((length) - 1); })

/* Adds one to a sum of a namespace. */
#define COUNT(slot, sum)					\
	({							\
		struct tally *counted = tally_of(slot);		\
								\
		if (counted)					\
			ADD(counted->sum, 1);			\
	})

static __always_inline void count_ends(__u32 slot, enum standing standing, __s64 ends)
{
	struct tally *tally = tally_of(slot);

	if (tally)
		ADD(tally->standing[BOUNDED(standing, STANDING_SLOTS)], ends);
}

/* Moves one end between two gauges; STANDING_NONE is outside. */
static __always_inline void count_standing(__u32 slot, enum standing from, enum standing to)
{
	struct tally *tally = tally_of(slot);

	if (!tally)
		return;
	if (from != STANDING_NONE)
		ADD(tally->standing[BOUNDED(from, STANDING_SLOTS)], -1);
	if (to != STANDING_NONE)
		ADD(tally->standing[BOUNDED(to, STANDING_SLOTS)], 1);
}

static __always_inline void settle(struct end *end, enum standing standing)
{
	if (end->standing == standing)
		return;
	count_standing(end->slot, end->standing, standing);
	end->standing = standing;
}

static __always_inline void count_tcp_bytes(__u32 slot, __u64 bytes)
{
	struct tally *tally = tally_of(slot);

	if (tally)
		ADD(tally->tcp_bytes, bytes);
}

static __always_inline void count_message(struct end *end, enum gate gate, __u32 bytes)
{
	struct tally *tally = tally_of(end->slot);

	end->gate = gate;
	end->face.messages++;
	if (gate == GATE_OPEN)
		end->fast_bytes += bytes;
	else
		end->tcp_bytes += bytes;
	if (!tally)
		return;
	if (gate == GATE_OPEN) {
		ADD(tally->fast_messages, 1);
		ADD(tally->fast_bytes, bytes);
		return;
	}
	ADD(tally->gate[BOUNDED(gate, GATE_SLOTS)], 1);
	ADD(tally->tcp_bytes, bytes);
}

/* Keeps the gauge of adopted ends: accelerated ones that were open before they were joined. */
static __always_inline void mark_adopted(struct end *end, bool adopted)
{
	struct tally *tally;

	if (end->adopted == adopted)
		return;
	end->adopted = adopted;
	tally = tally_of(end->slot);
	if (tally)
		ADD(tally->adopted, adopted ? 1 : -1);
}

#endif
