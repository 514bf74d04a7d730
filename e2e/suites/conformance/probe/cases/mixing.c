// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A connection changes while bytes lie unread at a reader that trusts edges and short reads (edge.c). */
#define _GNU_SOURCE
#include "../families.h"
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>

#define ROOM 16384
#define LENGTH 200
#define HALF 20
#define PIECES 80

static void send_half(struct conn *conn)
{
	for (int i = 0; i < HALF; i++)
		put(conn, LENGTH);
}

/* The reader is busy with a first message until all others have been sent. */
static void ask(struct conn *conn, void (*middle)(struct conn *conn), void (*after)(struct conn *conn))
{
	long start;

	put(conn, LENGTH);
	meet();
	send_half(conn);
	middle(conn);
	send_half(conn);
	after(conn);
	meet();
	start = now_ms();
	take(conn, 1);
	say_prompt("answered", start);
	turns(conn, HALF, LENGTH);
}

static void nothing(struct conn *conn)
{
	(void)conn;
}

static void answer(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);

	edge_take(&edge, conn, LENGTH);
	meet();
	meet();
	settle();
	if (edge_take(&edge, conn, 2 * HALF * LENGTH) == 2 * HALF * LENGTH)
		put(conn, 1);
	edge_turns(&edge, conn, HALF, LENGTH);
}

static void put_cork(struct conn *conn)
{
	set_option(conn->fd, SOL_TCP, TCP_CORK, 1);
}

static void take_cork(struct conn *conn)
{
	set_option(conn->fd, SOL_TCP, TCP_CORK, 0);
}

static void ask_corked(struct conn *conn)
{
	ask(conn, put_cork, take_cork);
}

static void ask_time_stamps(struct conn *conn)
{
	set_option(conn->fd, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY);
}

static void ask_stamped(struct conn *conn)
{
	ask(conn, ask_time_stamps, nothing);
}

static void ask_pace(struct conn *conn)
{
	set_option(conn->fd, SOL_SOCKET, SO_MAX_PACING_RATE, 50000000);
}

static void ask_paced(struct conn *conn)
{
	ask(conn, ask_pace, nothing);
}

/* The reader makes its socket blocking, and later non-blocking again, as a library may do around a call. */
static void meet_reader(struct conn *conn)
{
	(void)conn;
	meet();
	meet();
}

static void ask_turning(struct conn *conn)
{
	ask(conn, meet_reader, nothing);
}

static void answer_turning(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);

	edge_take(&edge, conn, LENGTH);
	meet();
	meet();
	set_blocking(conn->fd, true);
	meet();
	meet();
	set_blocking(conn->fd, false);
	settle();
	if (edge_take(&edge, conn, 2 * HALF * LENGTH) == 2 * HALF * LENGTH)
		put(conn, 1);
	edge_turns(&edge, conn, HALF, LENGTH);
}

/* The reader shuts its sending half in the middle of the burst. */
static void send_to_half_closed(struct conn *conn)
{
	put(conn, LENGTH);
	meet();
	send_half(conn);
	meet_reader(conn);
	settle();
	send_half(conn);
	meet();
	shutdown(conn->fd, SHUT_WR);
	take_to_end(conn);
}

static void half_close_reader(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);
	long start;

	edge_take(&edge, conn, LENGTH);
	meet();
	meet();
	shutdown(conn->fd, SHUT_WR);
	meet();
	meet();
	start = now_ms();
	say("%llu bytes to the end", (unsigned long long)edge_take(&edge, conn, UINT64_MAX));
	say_prompt("all read", start);
}

/* Both sides send more messages than make a one-way stream before either side reads. */
static void burst_and_read(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);

	for (int i = 0; i < 2; i++) {
		long start;

		for (int j = 0; j < PIECES; j++)
			put(conn, LENGTH);
		meet();
		start = now_ms();
		say("taken %llu", (unsigned long long)edge_take(&edge, conn, PIECES * LENGTH));
		say_prompt("all read", start);
		meet();
	}
}

/* Longer than the sender's TCP_USER_TIMEOUT. TCP acknowledges bytes that wait at the reader, so the timeout must not end the connection. */
#define AWAY_MS 4000

static void send_in_time(struct conn *conn)
{
	long start;

	set_option(conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500);
	put(conn, LENGTH);
	meet();
	for (int i = 0; i < PIECES; i++)
		put(conn, LENGTH);
	meet();
	start = now_ms();
	take(conn, 1);
	say_prompt("answered", start);
	turns(conn, HALF, LENGTH);
}

static void be_away(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);

	edge_take(&edge, conn, LENGTH);
	meet();
	nap(AWAY_MS);
	meet();
	if (edge_take(&edge, conn, PIECES * LENGTH) == PIECES * LENGTH)
		put(conn, 1);
	edge_turns(&edge, conn, HALF, LENGTH);
}

/* Reads the whole burst in one recv() with MSG_WAITALL. */
static void answer_by_waitall(struct conn *conn)
{
	take(conn, LENGTH);
	meet();
	meet();
	settle();
	say_result("recv", take_once(conn, 2 * HALF * LENGTH, MSG_WAITALL));
	put(conn, 1);
	answer_turns(conn, HALF, LENGTH);
}

const struct probe_case mixing[] = {
	{ "burst-and-cork", "TCP_CORK in the middle of a burst", ask_corked, answer, TO_SERVER, .unvisited = true },
	{ "burst-and-option", "time stamps are asked for in the middle of a burst", ask_stamped, answer, TO_SERVER, .unvisited = true },
	{ "burst-and-pace", "a pace is asked for in the middle of a burst", ask_paced, answer, TO_SERVER, .unvisited = true },
	{ "burst-and-blocking", "the reader's socket is blocking for a part of a burst", ask_turning, answer_turning, TO_SERVER, .unvisited = true },
	{ "burst-and-shutdown", "the reader shuts its sending half in the middle of a burst", send_to_half_closed, half_close_reader, TO_SERVER,
	  .unvisited = true },
	{ "burst-both-ways", "both sides send 80 messages before either reads", burst_and_read, burst_and_read, BOTH_WAYS, .unvisited = true },
	{ "burst-and-waitall", "MSG_WAITALL takes a burst of which a part came corked", ask_corked, answer_by_waitall, TO_SERVER, .unvisited = true },
	{ "away-user-timeout", "a reader is away for longer than the sender's TCP_USER_TIMEOUT, with 80 messages unread", send_in_time, be_away,
	  TO_SERVER, .unvisited = true },
	END_OF_ROWS
};
