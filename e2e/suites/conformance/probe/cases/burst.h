/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What comes at a reader while it is at work with a first message. */
#ifndef SIDECAR_ACCELERATION_BURST_H
#define SIDECAR_ACCELERATION_BURST_H

#include "../probe.h"

#define FIRST 200

struct burst {
	int count;
	size_t shortest, longest;	/* all lengths between them */
};

uint64_t total_of(const struct burst *burst);
void send_first(struct conn *conn);
void send_burst(struct conn *conn, const struct burst *burst);
void await_answer(struct conn *conn, long start_ms);	/* says whether it came within a second */
void take_first(struct edge *edge, struct conn *conn);	/* and is busy for a while */
void answer_all(struct edge *edge, struct conn *conn, uint64_t length);	/* gives up where the reader sleeps for good */

#endif
