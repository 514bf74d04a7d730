// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Readers that trust edges and short reads (edge.c), with more coming than one look shows. */
#define _GNU_SOURCE
#include "../families.h"
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define ROOM 16384
/* The reader is at work with a first message when the rest comes. */
#define FIRST 200
#define BUSY_MS 60
#define AWAY_MS 1000

struct burst {
	int count;
	size_t shortest, longest;	/* all lengths between them */
};

static const struct burst small = { 69, 200, 200 }, mixed = { 69, 1, 3000 }, many = { 199, 1, 500 }, heavy = { 199, 1, 3000 };

static size_t length_of(const struct burst *burst, int i)
{
	return burst->shortest + i * 7919UL % (burst->longest - burst->shortest + 1);
}

static uint64_t total_of(const struct burst *burst)
{
	uint64_t total = 0;

	for (int i = 0; i < burst->count; i++)
		total += length_of(burst, i);
	return total;
}

static void send_first(struct conn *conn)
{
	put(conn, FIRST);
	meet();
}

static void take_first(struct edge *edge, struct conn *conn)
{
	edge_take(edge, conn, FIRST);
	meet();
	nap(BUSY_MS);
}

static void send_burst(struct conn *conn, const struct burst *burst)
{
	for (int i = 0; i < burst->count; i++)
		put(conn, length_of(burst, i));
}

static void await_answer(struct conn *conn, long start)
{
	take(conn, 1);
	say_prompt("answered", start);
}

static void answer_all(struct edge *edge, struct conn *conn, uint64_t length)
{
	uint64_t taken = edge_take(edge, conn, length);

	if (taken < length)
		give_up("asleep, with %llu bytes of %llu", (unsigned long long)taken, (unsigned long long)length);
	put(conn, 1);
}

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

/* One message, in one send() as far as there is room. */
static void put_whole(struct conn *conn, size_t length)
{
	unsigned char *bytes = malloc(length);

	for (size_t at = 0; at < length; at += STREAM_WINDOW)
		fill(bytes + at, conn->sent + at, length - at < STREAM_WINDOW ? length - at : STREAM_WINDOW);
	for (size_t at = 0; at < length;) {
		ssize_t n = send(conn->fd, bytes + at, length - at, 0);

		if (n < 0 && errno == EAGAIN) {
			if (!wait_for(conn->fd, POLLOUT, PATIENCE_MS))
				give_up("no room to send in");
		} else if (n < 0) {
			give_up("send: %s", strerrorname_np(errno));
		}
		at += n > 0 ? n : 0;
	}
	conn->sent += length;
	free(bytes);
}

/* The first ones by a little more than may lie unread on the fast path. */
static const size_t large[] = { 1090000, 1150000, 4000000 };
#define LARGE (sizeof(large) / sizeof(*large))

static void ask_at_length(struct conn *conn)
{
	for (size_t i = 0; i < LARGE; i++) {
		long start = now_ms();

		send_first(conn);
		put_whole(conn, large[i]);
		await_answer(conn, start);
		turns(conn, 20, FIRST);
	}
}

static void answer_at_length(struct conn *conn)
{
	struct edge edge = edge_on(conn, STREAM_WINDOW);

	for (size_t i = 0; i < LARGE; i++) {
		take_first(&edge, conn);
		answer_all(&edge, conn, large[i]);
		edge_turns(&edge, conn, 20, FIRST);
	}
}

/* The reader asks for FIONREAD, as nginx does, only when its buffer was filled: with the first large message. */
static const size_t uploads[] = { 1000000, 8000000 };

static void upload(struct conn *conn)
{
	turns(conn, 20, FIRST);
	for (int i = 0; i < 2; i++) {
		long start = now_ms();

		put_whole(conn, uploads[i]);
		await_answer(conn, start);
	}
}

static void take_uploads(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);

	edge.counts = true;
	edge_turns(&edge, conn, 20, FIRST);
	for (int i = 0; i < 2; i++)
		answer_all(&edge, conn, uploads[i]);
}

/* Fewer pieces than make a stream, and more bytes than may lie unread on the fast path: by one piece, and by many. */
static const int pieces[] = { 27, 60 };
#define PIECE 40000

static void send_to_absent(struct conn *conn)
{
	for (int i = 0; i < 2; i++) {
		send_first(conn);
		for (int j = 0; j < pieces[i]; j++)
			put(conn, PIECE);
		take(conn, 1);
		turns(conn, 20, FIRST);
	}
}

static void come_back(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);

	for (int i = 0; i < 2; i++) {
		long start;

		take_first(&edge, conn);
		nap(AWAY_MS);
		start = now_ms();
		answer_all(&edge, conn, (uint64_t)pieces[i] * PIECE);
		say_prompt("all read", start);
		edge_turns(&edge, conn, 20, FIRST);
	}
}

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
	{ "short-read-large", "messages of 1.09, 1.15 and 4 MB at such a reader", ask_at_length, answer_at_length, TO_SERVER, .unvisited = true },
	{ "short-read-away", "such a reader is away for a second, with 1.1 and 2.4 MB on their way to it", send_to_absent, come_back, TO_SERVER,
	  .unvisited = true },
	{ "short-read-shutdown", "the sender shuts its half right after the 70 messages", send_and_shut, see_sender_go, TO_SERVER,
	  .unvisited = true },
	{ "short-read-close", "the sender closes right after the 70 messages", send_and_go, see_sender_go, TO_SERVER, .unvisited = true },
	{ "short-read-close-later", "the sender closes after the answer to 200 messages", send_and_go_later, see_sender_go_later, TO_SERVER,
	  .unvisited = true },
	{ "peek-burst", "MSG_PEEK until all of 70 messages can be seen", send_to_peeker, peek_at_all, TO_SERVER, .unvisited = true },
	{ "fionread-filled", "FIONREAD asked only when a read has filled the buffer: with the first of 1 and 8 MB, after small ones",
	  upload, take_uploads, TO_SERVER, .unvisited = true },
	END_OF_ROWS
};
