// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A burst of messages that comes while the reader is busy with a first message. */
#include "burst.h"

#define BUSY_MS 60

static size_t length_of(const struct burst *burst, int i)
{
	return burst->shortest + i * 7919UL % (burst->longest - burst->shortest + 1);
}

uint64_t total_of(const struct burst *burst)
{
	uint64_t total = 0;

	for (int i = 0; i < burst->count; i++)
		total += length_of(burst, i);
	return total;
}

void send_first(struct conn *conn)
{
	put(conn, FIRST);
	meet();
}

void take_first(struct edge *edge, struct conn *conn)
{
	edge_take(edge, conn, FIRST);
	meet();
	nap(BUSY_MS);
}

void send_burst(struct conn *conn, const struct burst *burst)
{
	for (int i = 0; i < burst->count; i++)
		put(conn, length_of(burst, i));
}

void await_answer(struct conn *conn, long start_ms)
{
	take(conn, 1);
	say_prompt("answered", start_ms);
}

void answer_all(struct edge *edge, struct conn *conn, uint64_t length)
{
	uint64_t taken = edge_take(edge, conn, length);

	if (taken < length)
		give_up("the reader sleeps, with %llu bytes of %llu read", (unsigned long long)taken, (unsigned long long)length);
	put(conn, 1);
}
