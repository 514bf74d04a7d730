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
static __always_inline bool takes_turns(struct end *end, const struct face *peer, __u32 size)
{
	if (peer->messages != end->heard) {
		end->heard = peer->messages;
		end->run = 0;
		end->run_bytes = 0;
		end->turns++;
	}
	end->run_bytes += size;
	if (++end->run <= LONGEST_RUN) {
		end->run_long_since = 0;
		return true;
	}
	if (!end->run_long_since)
		end->run_long_since = bpf_jiffies64();
	return end->run_bytes > (__u64)end->run * LARGE_MESSAGE || bpf_jiffies64() - end->run_long_since < STREAM_JIFFIES;
}

#endif
