// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How a connection ends: what the other side sees, and in which order. */
#define _GNU_SOURCE
#include "../families.h"
#include <poll.h>
#include <unistd.h>

#define EVERYTHING (POLLIN | POLLOUT | POLLRDHUP)

static void half_close(struct conn *conn)
{
	put(conn, 1000);
	put(conn, 1000);
	shutdown(conn->fd, SHUT_WR);
	say_result("after shutdown: send", put_once(conn, 1, MSG_NOSIGNAL));
	meet();
	take_to_end(conn);
	say_events("at the end:", wait_for(conn->fd, EVERYTHING, PATIENCE_MS));
}

static void see_half_close(struct conn *conn)
{
	meet();
	settle();
	say_events("half closed:", wait_for(conn->fd, EVERYTHING, PATIENCE_MS));
	take_to_end(conn);
	say_events("all read:", wait_for(conn->fd, EVERYTHING, PATIENCE_MS));
	put(conn, 3000);
	put(conn, 3000);
	shutdown(conn->fd, SHUT_WR);
	say_events("both closed:", wait_for(conn->fd, POLLHUP, PATIENCE_MS));
}

/* The peer is asleep in poll(), with nothing unread, when the connection is closed. */
static void close_quietly(struct conn *conn)
{
	put(conn, 100);
	take(conn, 100);
	nap(60);
	hang_up(conn);
}

static void sleep_until_closed(struct conn *conn)
{
	take(conn, 100);
	put(conn, 100);
	say_events("asleep:", wait_for(conn->fd, POLLIN | POLLRDHUP, PATIENCE_MS));
	take_to_end(conn);
}

/* The sender closes before its peer reads anything. */
static void send_and_close(struct conn *conn)
{
	for (int i = 0; i < 50; i++)
		put(conn, 4000);
	hang_up(conn);
	meet();
}

static void read_after_close(struct conn *conn)
{
	meet();
	settle();
	take_to_end(conn);
}

static void send_unread(struct conn *conn)
{
	put(conn, 1000);
	meet();
	meet();
	settle();
	say_events("other side closed:", wait_for(conn->fd, EVERYTHING, PATIENCE_MS));
	say_result("recv", take_once(conn, 1000, 0));
	say_result("send", put_once(conn, 1, 0));
	settle();
	say_result("send again", put_once(conn, 1, 0));
}

static void close_unread(struct conn *conn)
{
	meet();
	settle();
	hang_up(conn);
	meet();
}

static void reset(struct conn *conn)
{
	struct linger at_once = { .l_onoff = 1 };

	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	hang_up(conn);
}

static void send_and_reset(struct conn *conn)
{
	put(conn, 1000);
	meet();
	settle();
	reset(conn);
	meet();
}

static void see_reset_unread(struct conn *conn)
{
	meet();
	meet();
	settle();
	say_events("reset:", wait_for(conn->fd, EVERYTHING, PATIENCE_MS));
	take_to_end(conn);
	say_result("send", put_once(conn, 1, 0));
}

static void turn_and_reset(struct conn *conn)
{
	put(conn, 100);
	take(conn, 100);
	meet();
	reset(conn);
	meet();
}

static void see_reset(struct conn *conn)
{
	take(conn, 100);
	put(conn, 100);
	meet();
	say_events("asleep:", wait_for(conn->fd, POLLIN, PATIENCE_MS));
	meet();
	settle();
	say_events("reset:", wait_for(conn->fd, EVERYTHING, PATIENCE_MS));
	say_result("recv", take_once(conn, 1000, 0));
	say_result("recv again", take_once(conn, 1000, 0));
	say_result("send", put_once(conn, 1, 0));
}

/* The reader resets the connection while the sender sends. */
static void send_until_reset(struct conn *conn)
{
	ssize_t n;

	do {
		n = put_once(conn, 10000, 0);
		if (n < 0 && errno == EAGAIN)
			n = wait_for(conn->fd, POLLOUT, PATIENCE_MS) ? 0 : -1;
	} while (n >= 0);
	say("sending ended by %s", strerrorname_np(errno));
	say_result("then send", put_once(conn, 1, 0));
	say_result("then recv", take_once(conn, 1, 0));
}

static void reset_in_the_middle(struct conn *conn)
{
	take(conn, 200000);
	reset(conn);
}

static void send_to_closed(struct conn *conn)
{
	put(conn, 100);
	take(conn, 100);
	meet();
	settle();
	say_events("other side closed:", wait_for(conn->fd, EVERYTHING, PATIENCE_MS));
	say_result("send", put_once(conn, 100, 0));
	settle();
	say_result("send again", put_once(conn, 100, 0));
	say_result("recv", take_once(conn, 100, 0));
}

static void turn_and_close(struct conn *conn)
{
	take(conn, 100);
	put(conn, 100);
	hang_up(conn);
	meet();
}

static void send_to_shut_reader(struct conn *conn)
{
	put(conn, 100);
	meet();
	meet();
	say_result("send", put_once(conn, 100, 0));
	meet();
	meet();
}

static void shut_reading(struct conn *conn)
{
	meet();
	settle();
	shutdown(conn->fd, SHUT_RD);
	say_events("reading shut:", wait_for(conn->fd, EVERYTHING, 0));
	say_result("recv", take_once(conn, 1000, 0));
	say_result("recv again", take_once(conn, 1000, 0));
	meet();
	meet();
	settle();
	say_result("sent after it: recv", take_once(conn, 1000, 0));
	meet();
}

const struct probe_case closing[] = {
	{ "half-close-client", "the client shuts its sending half; the server reads all, answers and closes", half_close, see_half_close, TO_SERVER },
	{ "half-close-server", "the server shuts its sending half; the client reads all, answers and closes", see_half_close, half_close, TO_CLIENT },
	{ "close", "a close wakes a reader that is asleep", close_quietly, sleep_until_closed, BOTH_WAYS },
	{ "send-and-close", "everything sent before a close is read after it", send_and_close, read_after_close, TO_SERVER },
	{ "close-unread", "a close with unread bytes resets the connection", send_unread, close_unread, TO_SERVER },
	{ "linger-zero", "a close with SO_LINGER 0 resets the connection", turn_and_reset, see_reset, BOTH_WAYS },
	{ "linger-zero-unread", "what was sent before a reset can still be read, then the error", send_and_reset, see_reset_unread, TO_SERVER },
	{ "reset-mid-stream", "the reader resets while the writer writes", send_until_reset, reset_in_the_middle, TO_SERVER },
	{ "send-to-closed", "a send() to a closed socket: first accepted, then EPIPE", send_to_closed, turn_and_close, BOTH_WAYS },
	{ "shutdown-read", "SHUT_RD: end of file once what was there is read", send_to_shut_reader, shut_reading, TO_SERVER },
	END_OF_ROWS
};
