/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A burst of messages that comes while the reader is busy with a first message. */
#ifndef SIDECAR_ACCELERATION_BURST_H
#define SIDECAR_ACCELERATION_BURST_H

#include "../probe.h"

#define FIRST 200

struct burst {
	int count;
	size_t shortest, longest; /* lengths of its messages */
};

uint64_t total_of(const struct burst *burst);
void send_first(struct conn *conn);
void send_burst(struct conn *conn, const struct burst *burst);
void await_answer(struct conn *conn, long start_ms);			/* says whether the answer came within a second */
void take_first(struct edge *edge, struct conn *conn);			/* then is busy for a while */
void answer_all(struct edge *edge, struct conn *conn, uint64_t length); /* gives up when no event wakes the reader */

#endif
