// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Readers that trust edges and short reads (edge.c), with more coming than one look shows. */
#define _GNU_SOURCE
#include "../families.h"
#include "burst.h"

#define ROOM 16384

static const struct burst small = { 69, 200, 200 }, mixed = { 69, 1, 3000 }, many = { 199, 1, 500 }, heavy = { 199, 1, 3000 };

/* Each burst after turns, as requests come. */
static void ask_by_bursts(struct conn *conn, const struct burst *burst)
{
	for (int i = 0; i < 2; i++) {
		long start = now_ms();

		send_first(conn);
		send_burst(conn, burst);
		await_answer(conn, start);
		turns(conn, 20, FIRST);
	}
}

static void answer_bursts(struct conn *conn, const struct burst *burst)
{
	struct edge edge = edge_on(conn, ROOM);

	for (int i = 0; i < 2; i++) {
		take_first(&edge, conn);
		answer_all(&edge, conn, total_of(burst));
		edge_turns(&edge, conn, 20, FIRST);
	}
}

#define BURSTS(burst) \
	static void ask_##burst(struct conn *conn) { ask_by_bursts(conn, &burst); } \
	static void answer_##burst(struct conn *conn) { answer_bursts(conn, &burst); }

BURSTS(small)
BURSTS(mixed)
BURSTS(many)
BURSTS(heavy)

/* As listener filters do: nothing is taken before all is there to be seen. */
static void peek_at_all(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);
	ssize_t seen = 0;
	long start;

	take_first(&edge, conn);
	start = now_ms();
	for (uint64_t all = total_of(&small); seen < (ssize_t)all && now_ms() - start < PATIENCE_MS;) {
		seen = take_once(conn, ROOM, MSG_PEEK);
		if (seen < (ssize_t)all)
			nap(1);
	}
	say_result("peek", seen);
	say_result("recv", take_once(conn, ROOM, 0));
	put(conn, 1);
}

static void send_to_peeker(struct conn *conn)
{
	long start = now_ms();

	send_first(conn);
	send_burst(conn, &small);
	await_answer(conn, start);
}

static void send_and_shut(struct conn *conn)
{
	send_first(conn);
	send_burst(conn, &small);
	shutdown(conn->fd, SHUT_WR);
	take_to_end(conn);
}

static void send_and_go(struct conn *conn)
{
	send_first(conn);
	send_burst(conn, &small);
	hang_up(conn);
}

static void read_to_end(struct edge *edge, struct conn *conn)
{
	long start = now_ms();

	say("%llu bytes to the end", (unsigned long long)edge_take(edge, conn, UINT64_MAX));
	say_prompt("all read", start);
	say("end told: %d", edge->end_told);
	hang_up(conn);
}

static void see_sender_go(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);

	take_first(&edge, conn);
	read_to_end(&edge, conn);
}

/* The end comes a moment after the burst, when the reader has slept again. */
static void send_and_go_later(struct conn *conn)
{
	send_first(conn);
	send_burst(conn, &heavy);
	take(conn, 1);
	hang_up(conn);
}

static void see_sender_go_later(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);

	take_first(&edge, conn);
	answer_all(&edge, conn, total_of(&heavy));
	read_to_end(&edge, conn);
}

const struct probe_case edges[] = {
	{ "short-read-burst", "70 messages at a busy reader that takes a short read for the last one", ask_small, answer_small, TO_SERVER,
	  .unvisited = true },
	{ "short-read-mixed", "70 messages of 1 to 3,000 bytes at such a reader", ask_mixed, answer_mixed, TO_SERVER, .unvisited = true },
	{ "short-read-many", "200 messages of 1 to 500 bytes at such a reader", ask_many, answer_many, TO_SERVER, .unvisited = true },
	{ "short-read-heavy", "200 messages of 1 to 3,000 bytes at such a reader", ask_heavy, answer_heavy, TO_SERVER, .unvisited = true },
	{ "short-read-shutdown", "the sender shuts its half right after the 70 messages", send_and_shut, see_sender_go, TO_SERVER,
	  .unvisited = true },
	{ "short-read-close", "the sender closes right after the 70 messages", send_and_go, see_sender_go, TO_SERVER, .unvisited = true },
	{ "short-read-close-later", "the sender closes after the answer to 200 messages", send_and_go_later, see_sender_go_later, TO_SERVER,
	  .unvisited = true },
	{ "peek-burst", "MSG_PEEK until all of 70 messages can be seen", send_to_peeker, peek_at_all, TO_SERVER, .unvisited = true },
	END_OF_ROWS
};
