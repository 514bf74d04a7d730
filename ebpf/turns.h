/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a connection takes turns or is a stream. */
#ifndef SIDECAR_ACCELERATION_TURNS_H
#define SIDECAR_ACCELERATION_TURNS_H

#include "connections.h"
#include <bpf/bpf_helpers.h>

/* Messages without an answer after which a connection is a stream, if they go on for so long: a burst into a reader that
 * is busy for a moment is none. 10 ms to 100 ms, by the kernel's HZ of 1000 to 100. */
#define LONGEST_RUN 64
#define STREAM_JIFFIES 10
/* On average in such a run, from which redirecting is as fast as TCP. */
#define LARGE_MESSAGE 16384

/* Whether the two take turns. A stream of many small messages runs better over TCP, which puts them together. */
static __always_inline bool count_turn(struct socket_state *state, const struct shown *peer, __u32 size)
{
	if (peer->messages != state->peer_messages) {
		state->peer_messages = peer->messages;
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

#endif
