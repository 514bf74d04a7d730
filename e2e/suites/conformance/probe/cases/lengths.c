// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Readers that trust edges and short reads (edge.c), when more bytes come than their buffer holds, or than may lie unread on the fast path. */
#define _GNU_SOURCE
#include "../families.h"
#include "burst.h"
#include <poll.h>
#include <stdlib.h>

#define ROOM 16384
#define AWAY_MS 1000

/* Sends a message, by one send() if there is room. */
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

/* The first two are a little more than may lie unread on the fast path. */
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

/* As nginx does, the reader asks FIONREAD only when a read has filled its buffer. So it asks first with the first large message. */
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

/* The reader has shut its sending half, so that what comes afterwards goes over TCP. It asks FIONREAD for the first time then. */
static void upload_to_half_closed(struct conn *conn)
{
	char byte;

	turns(conn, 20, FIRST);
	wait_for(conn->fd, POLLIN, PATIENCE_MS);
	say_result("recv", recv(conn->fd, &byte, 1, 0));
	put_whole(conn, uploads[0]);
	meet();
}

static void take_half_closed(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);

	edge.counts = true;
	edge_turns(&edge, conn, 20, FIRST);
	shutdown(conn->fd, SHUT_WR);
	say("%llu bytes", (unsigned long long)edge_take(&edge, conn, uploads[0]));
	meet();
}

/* The sender closes while its last bytes wait, over TCP, behind redirected ones that a busy reader has not read. */
#define BEHIND 200
#define LAST 2000000

static void upload_and_go(struct conn *conn)
{
	turns(conn, 20, FIRST);
	send_first(conn);
	put(conn, BEHIND);
	put_whole(conn, LAST);
	hang_up(conn);
	meet();
}

static void take_after_close(struct conn *conn)
{
	struct edge edge = edge_on_bytes(conn, ROOM);

	edge.counts = true;
	edge_turns(&edge, conn, 20, FIRST);
	take_first(&edge, conn);
	say("%llu bytes", (unsigned long long)edge_take(&edge, conn, BEHIND + LAST));
	meet();
}

/* Fewer pieces than make a one-way stream, and more bytes than may lie unread on the fast path: one piece more, and many more. */
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

const struct probe_case lengths[] = {
	{ "short-read-large", "messages of 1.09, 1.15 and 4 MB at a reader that takes a short read for the last one", ask_at_length, answer_at_length,
	  TO_SERVER, .unvisited = true },
	{ "short-read-away", "a reader that takes a short read for the last one is away for a second while 1.1 and 2.4 MB come", send_to_absent,
	  come_back, TO_SERVER, .unvisited = true },
	{ "fionread-filled", "FIONREAD asked only when a read has filled the buffer: with the first of 1 and 8 MB, after small ones", upload,
	  take_uploads, TO_SERVER, .unvisited = true },
	{ "fionread-half-closed", "FIONREAD asked only when a read has filled the buffer, by a reader that has shut its sending half",
	  upload_to_half_closed, take_half_closed, TO_SERVER, .unvisited = true },
	{ "fionread-gone", "the sender closes; the reader counts bytes, asks FIONREAD when a read has filled the buffer, and for no EPOLLRDHUP",
	  upload_and_go, take_after_close, TO_SERVER, .unvisited = true },
	END_OF_ROWS
};
