// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The datapath is switched in the middle of a pipelined exchange, while bytes are unread. The reader trusts edges and short reads
 * (edge.c). */
#define _GNU_SOURCE
#include "../families.h"

#define ROOM 16384
#define LENGTH 200
#define MANY 30
#define ROUNDS 3

/* A first message keeps the reader busy; the datapath is switched between the next messages. */
static void ask_across(struct conn *conn, int before, int after)
{
	for (int i = 0; i < ROUNDS; i++) {
		long start;

		put(conn, LENGTH);
		meet();
		for (int j = 0; j < before; j++)
			put(conn, LENGTH);
		order("switch");
		for (int j = 0; j < after; j++)
			put(conn, LENGTH);
		meet();
		start = now_ms();
		take(conn, LENGTH);
		say_prompt("answered", start);
		turns(conn, MANY, LENGTH);
	}
}

static void answer_across(struct conn *conn, int length)
{
	struct edge edge = edge_on(conn, ROOM);

	for (int i = 0; i < ROUNDS; i++) {
		edge_take(&edge, conn, LENGTH);
		meet();
		meet();
		settle();
		edge_take(&edge, conn, length);
		put(conn, LENGTH);
		edge_turns(&edge, conn, MANY, LENGTH);
	}
}

static void ask_once_more(struct conn *conn)
{
	ask_across(conn, 1, 1);
}

static void answer_two(struct conn *conn)
{
	answer_across(conn, 2 * LENGTH);
}

static void ask_many_more(struct conn *conn)
{
	ask_across(conn, MANY, MANY);
}

static void answer_many(struct conn *conn)
{
	answer_across(conn, 2 * MANY * LENGTH);
}

/* The sender goes on after the switch, and then closes. */
static void ask_and_close(struct conn *conn)
{
	put(conn, LENGTH);
	meet();
	put(conn, LENGTH);
	order("switch");
	put(conn, LENGTH);
	hang_up(conn);
	meet();
}

static void see_close(struct conn *conn)
{
	struct edge edge = edge_on(conn, ROOM);
	long start;

	edge_take(&edge, conn, LENGTH);
	meet();
	meet();
	settle();
	start = now_ms();
	say("%llu bytes to the end", (unsigned long long)edge_take(&edge, conn, UINT64_MAX));
	say_prompt("all read", start);
}

/* The reader looks by MSG_PEEK before it reads. */
static void see_all_at_once(struct conn *conn)
{
	for (int i = 0; i < ROUNDS; i++) {
		take(conn, LENGTH);
		meet();
		meet();
		settle();
		say_result("peek", take_once(conn, ROOM, MSG_PEEK));
		say_result("recv", take_once(conn, ROOM, 0));
		put(conn, LENGTH);
		answer_turns(conn, MANY, LENGTH);
	}
}

const struct probe_case changeover[] = {
	{ "switch-between-two", "two messages wait for a reader, one from before and one from after", ask_once_more, answer_two, TO_SERVER },
	{ "switch-between-many", "sixty messages wait for a reader, half of them from before", ask_many_more, answer_many, TO_SERVER },
	{ "switch-and-close", "the sender closes after the switch, with messages from before and after unread", ask_and_close, see_close, TO_SERVER },
	{ "switch-and-peek", "MSG_PEEK sees messages from before and after the switch at once", ask_once_more, see_all_at_once, TO_SERVER },
	END_OF_ROWS
};
