// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a reader may ask of its socket: flags of recv(), socket options, and how many bytes are unread. */
#define _GNU_SOURCE
#include "../families.h"
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>

static void nothing(struct conn *conn)
{
	say_result("no room, nothing there: recv", take_once(conn, 0, 0));
	send_now(100);
	settle();
	say_result("no room: recv", take_once(conn, 0, 0));
	take(conn, 100);
	send_no_more();
}

static void peek(struct conn *conn)
{
	say_result("empty: peek", take_once(conn, 1000, MSG_PEEK));
	send_now(100);
	settle();
	say_result("part: peek", take_once(conn, 50, MSG_PEEK));
	say_result("all: peek", take_once(conn, 1000, MSG_PEEK));
	send_now(100);
	settle();
	say_result("two messages: peek", take_once(conn, 1000, MSG_PEEK));
	say_result("part: recv", take_once(conn, 30, 0));
	say_result("behind a part: peek", take_once(conn, 1000, MSG_PEEK));
	say_result("recv", take_once(conn, 1000, 0));
	say_result("empty: peek", take_once(conn, 1000, MSG_PEEK));
	send_no_more();
}

/* TCP has SO_PEEK_OFF since Linux 6.9. */
static void ask_peek_offset(struct conn *conn)
{
	int zero = 0;

	if (!stage.client && setsockopt(conn->fd, SOL_SOCKET, SO_PEEK_OFF, &zero, sizeof(zero)))
		unsupported("SO_PEEK_OFF on TCP");
}

static void peek_offset(struct conn *conn)
{
	unsigned char seen[100];

	send_now(100);
	settle();
	for (int i = 0; i < 4; i++) {
		ssize_t n = recv(conn->fd, seen, 40, MSG_PEEK);

		say_result("peek", n);
		say("in its place: %d", n < 0 || matches(seen, conn->taken + 40 * i, n));
	}
	take(conn, 100);
	send_no_more();
}

static void peek_offset_later(struct conn *conn)
{
	ask_peek_offset(conn);
	peek_offset(conn);
}

static void waitall(struct conn *conn)
{
	set_blocking(conn->fd, true);
	for (int i = 0; i < 3; i++) {
		send_soon(500);
		send_soon(500);
		say_result("asleep: recv", take_once(conn, 1000, MSG_WAITALL));
		send_now(500);
		send_soon(500);
		say_result("half there: recv", take_once(conn, 1000, MSG_WAITALL));
	}
	send_no_more();
}

static void waitall_nonblocking(struct conn *conn)
{
	say_result("empty: recv", take_once(conn, 1000, MSG_WAITALL));
	send_now(600);
	settle();
	say_result("part there: recv", take_once(conn, 1000, MSG_WAITALL));
	send_now(600);
	send_now(600);
	settle();
	say_result("more there: recv", take_once(conn, 1000, MSG_WAITALL));
	say_result("rest: recv", take_once(conn, 1000, MSG_WAITALL));
	send_no_more();
}

/* The reader makes its socket blocking when a part of the bytes that it will ask for is there already. */
static void waitall_later(struct conn *conn)
{
	for (int i = 0; i < 3; i++) {
		send_now(500);
		set_blocking(conn->fd, true);
		send_soon(500);
		say_result("recv", take_once(conn, 1000, MSG_WAITALL));
		set_blocking(conn->fd, false);
	}
	send_no_more();
}

static void truncating(struct conn *conn)
{
	char room;
	ssize_t n;

	send_now(100);
	settle();
	n = recv(conn->fd, NULL, 60, MSG_TRUNC);
	say_result("thrown away: recv", n);
	conn->taken += n > 0 ? n : 0;
	n = recv(conn->fd, &room, 20, MSG_TRUNC);
	say_result("thrown away: recv", n);
	conn->taken += n > 0 ? n : 0;
	say_result("rest: recv", take_once(conn, 1000, 0));
	send_no_more();
}

static void lowat(struct conn *conn)
{
	set_option(conn->fd, SOL_SOCKET, SO_RCVLOWAT, 1000);
	for (int i = 0; i < 3; i++) {
		send_now(500);
		say_events("too little:", wait_for(conn->fd, POLLIN, 50));
		send_now(500);
		say_events("enough:", wait_for(conn->fd, POLLIN, PATIENCE_MS));
		say_result("recv", take_once(conn, 4096, 0));
	}
	set_option(conn->fd, SOL_SOCKET, SO_RCVLOWAT, 1);
	send_now(10);
	say_events("mark taken back:", wait_for(conn->fd, POLLIN, PATIENCE_MS));
	take(conn, 10);
	send_no_more();
}

static void lowat_blocking(struct conn *conn)
{
	set_option(conn->fd, SOL_SOCKET, SO_RCVLOWAT, 1000);
	set_blocking(conn->fd, true);
	send_soon(600);
	send_soon(600);
	say_result("asleep: recv", take_once(conn, 4096, 0));
	send_no_more();
}

/* Sets SO_RCVLOWAT while fewer bytes than that are unread. */
static void lowat_later(struct conn *conn)
{
	send_now(500);
	settle();
	set_option(conn->fd, SOL_SOCKET, SO_RCVLOWAT, 1000);
	say_events("too little:", wait_for(conn->fd, POLLIN, 50));
	send_now(500);
	say_events("enough:", wait_for(conn->fd, POLLIN, PATIENCE_MS));
	take(conn, 1000);
	send_no_more();
}

static void receive_timeout(struct conn *conn)
{
	struct timeval patience = { .tv_usec = 300000 };
	long start;

	set_blocking(conn->fd, true);
	if (setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		give_up("SO_RCVTIMEO");
	for (int i = 0; i < 2; i++) {
		start = now_ms();
		say_result("nothing comes: recv", take_once(conn, 1000, 0));
		say("%s", timing(now_ms() - start, 300));
		send_soon(100);
		say_result("asleep: recv", take_once(conn, 1000, 0));
	}
	send_no_more();
}

static void busy_poll(struct conn *conn)
{
	int microseconds = 50;

	if (setsockopt(conn->fd, SOL_SOCKET, SO_BUSY_POLL, &microseconds, sizeof(microseconds)))
		unsupported("SO_BUSY_POLL");
	for (int i = 0; i < 3; i++) {
		send_soon(100);
		say_events("asleep:", wait_for(conn->fd, POLLIN, PATIENCE_MS));
		say_result("recv", take_once(conn, 1000, 0));
		say_result("empty: recv", take_once(conn, 1000, 0));
	}
	send_no_more();
}

/* Asks FIONREAD before the first byte, so that the datapath knows this reader trait when bytes come. */
static void ask_unread(struct conn *conn)
{
	int unread;

	if (!stage.client)
		ioctl(conn->fd, FIONREAD, &unread);
}

static void say_unread(struct conn *conn)
{
	int unread = -1;

	settle();
	if (ioctl(conn->fd, FIONREAD, &unread))
		say("FIONREAD %s", strerrorname_np(errno));
	else
		say("unread %d", unread);
}

static void fionread(struct conn *conn)
{
	say_unread(conn);
	for (int i = 0; i < 2; i++) {
		send_now(100);
		say_unread(conn);
		send_now(200);
		say_unread(conn);
		take(conn, 50);
		say_unread(conn);
		take(conn, 250);
		say_unread(conn);
	}
	send_no_more();
}

/* A reader that reads exactly as many bytes as FIONREAD counts, as nginx and some run-times do. */
static void fionread_driven(struct conn *conn)
{
	size_t left = 300 * 1000, stalls = 0;

	for (int i = 0; i < 300; i++)
		send_soon(1000);
	while (left && stalls < 20) {
		int unread = 0;
		ssize_t n;

		wait_for(conn->fd, POLLIN, 500);
		ioctl(conn->fd, FIONREAD, &unread);
		n = unread > 0 ? take_once(conn, unread, 0) : 0;
		stalls = n > 0 ? 0 : stalls + 1;
		left -= n > 0 ? n : 0;
	}
	say("left unread %zu", left);
	send_no_more();
	if (left)
		take(conn, left);
}

static void error_queue(struct conn *conn)
{
	send_now(100);
	settle();
	say_result("recv", recv(conn->fd, NULL, 0, MSG_ERRQUEUE));
	say("SO_ERROR %d", get_option(conn->fd, SOL_SOCKET, SO_ERROR));
	take(conn, 100);
	send_no_more();
}

static void feed_quickly(struct conn *conn)
{
	long length;

	while ((length = hear()) != 0)
		put(conn, -length);
}

const struct probe_case reading[] = {
	{ "recv-nothing", "recv() into a buffer of no bytes", feed, nothing, TO_SERVER },
	{ "peek", "MSG_PEEK sees what is there, in parts and over several messages, and leaves it", feed, peek, TO_SERVER },
	{ "peek-offset", "SO_PEEK_OFF moves on with each MSG_PEEK", feed, peek_offset, TO_SERVER, ask_peek_offset },
	{ "peek-offset-later", "SO_PEEK_OFF, asked for on a connection in use", feed, peek_offset_later, TO_SERVER },
	{ "waitall", "MSG_WAITALL on a blocking socket waits for all", feed, waitall, TO_SERVER },
	{ "waitall-nonblocking", "MSG_WAITALL on a non-blocking socket takes what is there", feed, waitall_nonblocking, TO_SERVER },
	{ "waitall-later", "MSG_WAITALL after O_NONBLOCK was cleared with part of the data there", feed, waitall_later, TO_SERVER },
	{ "trunc", "MSG_TRUNC throws bytes away without storing them", feed, truncating, TO_SERVER },
	{ "rcvlowat", "SO_RCVLOWAT: poll() tells only when enough is there", feed, lowat, TO_SERVER },
	{ "rcvlowat-blocking", "SO_RCVLOWAT on a blocking socket: recv() returns only when enough is there", feed, lowat_blocking, TO_SERVER },
	{ "rcvlowat-later", "SO_RCVLOWAT set while less than that is unread", feed, lowat_later, TO_SERVER },
	{ "rcvtimeo", "SO_RCVTIMEO ends a blocking recv()", feed, receive_timeout, TO_SERVER },
	{ "busy-poll", "SO_BUSY_POLL changes nothing but latency", feed, busy_poll, TO_SERVER },
	{ "fionread", "FIONREAD counts what is unread", feed, fionread, TO_SERVER, ask_unread },
	{ "fionread-first", "FIONREAD, first asked for on a connection in use", feed, fionread, TO_SERVER },
	{ "fionread-driven", "a reader that takes just what FIONREAD says gets everything", feed_quickly, fionread_driven, TO_SERVER, ask_unread },
	{ "fionread-driven-first", "a reader that takes just what FIONREAD says, first on a connection in use", feed_quickly, fionread_driven,
	  TO_SERVER },
	{ "error-queue", "an empty error queue and no error while data is unread", feed, error_queue, TO_SERVER },
	END_OF_ROWS
};
