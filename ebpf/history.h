/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the connections of a pod to one destination were like. It decides whether the next one is joined when it opens. */
#ifndef SIDECAR_ACCELERATION_HISTORY_H
#define SIDECAR_ACCELERATION_HISTORY_H

#include "maps.h"

#define SIXTEENTHS 16
/* Joining costs about as much as three turns save (measured: a connection of 1 request takes 50.6 us joined and 53.2 us on TCP, one of 5
 * requests 132 and 121 us). */
#define WORTHWHILE_TURNS 3
/* The most that one connection counts for, so that a long one does not outweigh all later short ones. */
#define WEIGHTIEST_TURNS 64
/* A connection with so many segments one way, and fewer than WORTHWHILE_TURNS turns, is a stream. */
#define STREAM_SEGMENTS 64

static __always_inline struct target target_of(__u32 netns, const struct endpoint *original)
{
	struct target target = { .netns = netns, .original = *original };

	return target;
}

/* REASON_NONE where connections to the destination are worth joining, or why this one is not. */
static __always_inline enum reason reason_by_history(__u32 netns, const struct endpoint *original, const struct settings *settings)
{
	struct target target = target_of(netns, original);
	struct history *history = bpf_map_lookup_elem(&destinations, &target);

	if (!history)
		return settings->learns ? REASON_LEARNING : REASON_NONE;
	return history->turns < WORTHWHILE_TURNS * SIXTEENTHS ? history->otherwise : REASON_NONE;
}

/* Adds one connection of `turns` to the average. `decisive`: where that is more than the average, it takes the place of the average. */
static __always_inline void remember_turns(const struct target *target, __u32 turns, enum reason otherwise, bool decisive)
{
	struct history *history = bpf_map_lookup_elem(&destinations, target);
	__u32 weight = (turns < WEIGHTIEST_TURNS ? turns : WEIGHTIEST_TURNS) * SIXTEENTHS;
	struct history first = { .turns = weight, .otherwise = otherwise };

	if (!history || (decisive && history->turns < weight)) {
		bpf_map_update_elem(&destinations, target, &first, BPF_ANY);
		return;
	}
	history->turns = history->turns - history->turns / 8 + weight / 8;
	history->otherwise = otherwise;
}

/* Remembers a connection that closes, at its connecting end. Over TCP, a turn has at least one segment with data each way. `redirected`: turns
 * that were redirected. */
static __always_inline void learn_from(__u32 netns, const struct endpoint *original, struct tcp_sock *tp, __u32 redirected, bool departed)
{
	__u32 in = tp->data_segs_in, out = tp->data_segs_out;
	__u32 turns = redirected + (in < out ? in : out), most = in < out ? out : in;
	bool stream = departed || (turns < WORTHWHILE_TURNS && most >= STREAM_SEGMENTS);
	struct target target = target_of(netns, original);

	remember_turns(&target, turns, stream ? REASON_ONE_WAY : REASON_SHORT_LIVED, false);
}

#endif
