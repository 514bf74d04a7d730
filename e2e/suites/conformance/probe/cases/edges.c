// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Readers that trust edges and short reads (edge.c), when more bytes come than one read returns. */
#define _GNU_SOURCE
#include "../families.h"
#include "burst.h"

#define ROOM 16384

static const struct burst small = { 69, 200, 200 }, mixed = { 69, 1, 3000 }, many = { 199, 1, 500 }, heavy = { 199, 1, 3000 };

/* Bursts with turns after each. */
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

#define BURSTS(burst)                                 \
	static void ask_##burst(struct conn *conn)    \
	{                                             \
		ask_by_bursts(conn, &burst);          \
	}                                             \
	static void answer_##burst(struct conn *conn) \
	{                                             \
		answer_bursts(conn, &burst);          \
	}

BURSTS(small)
BURSTS(mixed)
BURSTS(many)
BURSTS(heavy)

/* As Envoy's listener filters do: reads nothing before MSG_PEEK shows all bytes. */
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

/* The sender closes after the answer to the burst, when the reader sleeps again. */
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

/* The reader knows the length of the request. The sender shuts its sending half right after it, so that the FIN comes with the last bytes. */
static void ask_and_shut(struct conn *conn)
{
	long start = now_ms();

	send_first(conn);
	send_burst(conn, &many);
	shutdown(conn->fd, SHUT_WR);
	await_answer(conn, start);
}

static void answer_without_end(struct conn *conn)
{
	struct edge edge = edge_on_bytes(conn, ROOM);

	take_first(&edge, conn);
	answer_all(&edge, conn, total_of(&many));
}

static void ask_and_go(struct conn *conn)
{
	send_first(conn);
	send_burst(conn, &many);
	hang_up(conn);
}

static void count_without_end(struct conn *conn)
{
	struct edge edge = edge_on_bytes(conn, ROOM);
	long start;

	take_first(&edge, conn);
	start = now_ms();
	say("%llu bytes", (unsigned long long)edge_take(&edge, conn, total_of(&many)));
	say_prompt("all read", start);
}

#define AWAY_MS 6000

/* By then the sender's program has closed, and its kernel retransmits the bytes that wait for the reader at ever longer intervals. */
static void count_when_back(struct conn *conn)
{
	struct edge edge = edge_on_bytes(conn, ROOM);
	uint64_t all = total_of(&many), taken = 0;

	take_first(&edge, conn);
	nap(AWAY_MS);
	for (long start = now_ms(); taken < all && now_ms() - start < 3 * AWAY_MS;)
		taken += edge_take(&edge, conn, all - taken);
	say("%llu bytes", (unsigned long long)taken);
}

const struct probe_case edges[] = {
	{ "short-read-burst", "70 messages at a busy reader that takes a short read for the last one", ask_small, answer_small, TO_SERVER,
	  .unvisited = true },
	{ "short-read-mixed", "70 messages of 1 to 3,000 bytes at a busy reader that takes a short read for the last one", ask_mixed, answer_mixed,
	  TO_SERVER, .unvisited = true },
	{ "short-read-many", "200 messages of 1 to 500 bytes at a busy reader that takes a short read for the last one", ask_many, answer_many,
	  TO_SERVER, .unvisited = true },
	{ "short-read-heavy", "200 messages of 1 to 3,000 bytes at a busy reader that takes a short read for the last one", ask_heavy, answer_heavy,
	  TO_SERVER, .unvisited = true },
	{ "short-read-shutdown", "the sender shuts its sending half right after 70 messages", send_and_shut, see_sender_go, TO_SERVER,
	  .unvisited = true },
	{ "short-read-request", "the sender shuts its sending half after 200 messages; the reader counts bytes, and asks for no EPOLLRDHUP",
	  ask_and_shut, answer_without_end, TO_SERVER, .unvisited = true },
	{ "short-read-gone", "the sender closes after 200 messages; the reader counts bytes, and asks for no EPOLLRDHUP", ask_and_go,
	  count_without_end, TO_SERVER, .unvisited = true },
	{ "short-read-gone-long", "the sender closes after 200 messages, while the reader is away for six seconds", ask_and_go, count_when_back,
	  TO_SERVER, .slow = true, .unvisited = true },
	{ "short-read-close", "the sender closes right after 70 messages", send_and_go, see_sender_go, TO_SERVER, .unvisited = true },
	{ "short-read-close-later", "the sender closes after the answer to 200 messages", send_and_go_later, see_sender_go_later, TO_SERVER,
	  .unvisited = true },
	{ "peek-burst", "MSG_PEEK until all of 70 messages can be seen", send_to_peeker, peek_at_all, TO_SERVER, .unvisited = true },
	END_OF_ROWS
};
