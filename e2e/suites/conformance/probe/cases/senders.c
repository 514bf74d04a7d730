// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Senders on blocking sockets: beside a thread that sleeps in recv(), or asleep in send() when a reset comes. */
#define _GNU_SOURCE
#include "../families.h"
#include "blocking.h"
#include <pthread.h>

#define MIB (1024 * 1024L)

/* The other side sends back so many bytes less than it has received. So one thread sleeps in send() while the other sleeps in recv(). */
#define BEHIND (4 * MIB)
#define PIECE 65536

static long duplex_bytes(void)
{
	return stage.small ? 8 * MIB : 30 * MIB;
}

static void *receive_all(void *argument)
{
	struct conn *conn = argument;

	for (long left = duplex_bytes(); left;) {
		ssize_t n = take_once(conn, PIECE, 0);

		if (n <= 0)
			give_up("receiving ended by %s", n ? strerrorname_np(errno) : "end of file");
		left -= n;
	}
	return NULL;
}

/* One thread sleeps in recv() while another sends. */
static void send_beside_reader(struct conn *conn)
{
	struct conn reader;
	pthread_t receiver;

	*conn = open_blocking();
	take_turns(conn);
	reader = *conn;
	if (pthread_create(&receiver, NULL, receive_all, &reader))
		give_up("thread");
	for (long left = duplex_bytes(); left; left -= PIECE)
		put(conn, PIECE);
	pthread_join(receiver, NULL);
	conn->taken = reader.taken;
	say("received %llu, wrong %d", (unsigned long long)reader.taken, reader.wrong);
}

static void send_back(struct conn *conn)
{
	*conn = open_blocking();
	take_turns(conn);
	nap(100);
	for (long left = duplex_bytes(); left; left -= PIECE) {
		take(conn, PIECE);
		if (left <= duplex_bytes() - BEHIND)
			put(conn, PIECE);
		else if (left % MIB == 0)
			settle();
	}
	put(conn, BEHIND);
}

static void say_send(const char *what, ssize_t n)
{
	say("%s %s", what, n < 0 ? strerrorname_np(errno) : "part");
}

/* The sender sleeps in send(), waiting for room, when the reader resets the connection. */
static void sleep_in_send(struct conn *conn)
{
	ssize_t n;

	say("bounded: %d", stuff(conn, 32768));
	set_blocking(conn->fd, true);
	meet();
	do {
		n = put_once(conn, STREAM_WINDOW, 0);
	} while (n > 0);
	say_send("asleep: send", n);
	say_send("again: send", put_once(conn, 1, 0));
	say_result("recv", take_once(conn, 1, 0));
	hang_up(conn);
}

/* A reset finds the sender asleep in send() after a part was sent: send() returns the length of that part, and the next call fails. */
static void sleep_with_part_sent(struct conn *conn)
{
	static unsigned char bytes[64 * MIB];

	*conn = open_blocking();
	take_turns(conn);
	meet();
	say_send("asleep: send", send(conn->fd, bytes, sizeof(bytes), 0));
	say_send("again: send", put_once(conn, 1, 0));
	say_send("and again: send", put_once(conn, 1, 0));
	say_result("recv", take_once(conn, 1, 0));
	hang_up(conn);
}

static void reset_sleeper(struct conn *conn)
{
	struct linger at_once = { .l_onoff = 1 };

	meet();
	nap(100);
	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	hang_up(conn);
}

static void reset_part_sender(struct conn *conn)
{
	*conn = open_blocking();
	take_turns(conn);
	reset_sleeper(conn);
}

const struct probe_case senders[] = { { "asleep-beside-sender", "a thread sleeps in recv() while another sends 30 MiB on the same socket",
					send_beside_reader, send_back, TO_CLIENT, .alone = true, .seconds = 60 },
				      { "asleep-in-send", "a reset finds the sender asleep in send()", sleep_in_send, reset_sleeper, TO_SERVER },
				      { "asleep-part-sent", "a reset finds the sender asleep in send(), with a part of it sent", sleep_with_part_sent,
					reset_part_sender, TO_SERVER, .alone = true },
				      END_OF_ROWS };
