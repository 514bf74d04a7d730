// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the socket API promises to a writer: to wait for room, to report room, and to keep bytes together as it asked. */
#define _GNU_SOURCE
#include "../families.h"
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB (1024 * 1024L)
#define CHUNK 32768

static long large(void)
{
	return stage.small ? 4 * MIB : 64 * MIB;
}

/* Writes everything by one write() on a blocking socket, then waits for the reader's answer. */
static void write_at_once(struct conn *conn)
{
	unsigned char *bytes = malloc(large());

	for (long at = 0; at < large(); at += STREAM_WINDOW)
		fill(bytes + at, conn->sent + at, STREAM_WINDOW);
	set_blocking(conn->fd, true);
	say("all written: %d", write(conn->fd, bytes, large()) == large());
	conn->sent += large();
	set_blocking(conn->fd, false);
	take(conn, 1);
}

static void take_large(struct conn *conn)
{
	take(conn, large());
	put(conn, 1);
}

static void write_in_parts(struct conn *conn)
{
	for (long left = large(); left; left -= CHUNK)
		put(conn, CHUNK);
	take(conn, 1);
}

static void stuff_and_wait(struct conn *conn)
{
	say("bounded: %d", stuff(conn, CHUNK));
	say_events("no room:", wait_for(conn->fd, POLLOUT, 50));
	tell(conn->sent);
	say_events("room again:", wait_for(conn->fd, POLLOUT, PATIENCE_MS));
	meet();
	put(conn, 1000);
}

static void stuff_and_wait_for_edge(struct conn *conn)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(epoll, EPOLL_CTL_ADD, conn->fd, &event);
	epoll_wait(epoll, &event, 1, 0);
	say_events("first:", event.events);
	for (int i = 0; i < 3; i++) {
		say("bounded: %d", stuff(conn, CHUNK));
		tell(conn->sent);
		event.events = 0;
		epoll_wait(epoll, &event, 1, PATIENCE_MS);
		say_events("room again:", event.events);
		meet();
	}
	tell(0);
	put(conn, 1000);
}

static void stand_still_then_take(struct conn *conn)
{
	take(conn, hear() - conn->taken);
	meet();
	take(conn, 1000);
}

static void stand_still_thrice(struct conn *conn)
{
	long sent;

	while ((sent = hear()) != 0) {
		take(conn, sent - conn->taken);
		meet();
	}
	take(conn, 1000);
}

static void send_timeout(struct conn *conn)
{
	struct timeval patience = { .tv_usec = 300000 };
	long start;

	say("bounded: %d", stuff(conn, CHUNK));
	set_blocking(conn->fd, true);
	setsockopt(conn->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	while (put_once(conn, CHUNK, 0) > 0)
		;
	start = now_ms();
	say_result("no room: send", put_once(conn, CHUNK, 0));
	say("%s", timing(now_ms() - start, 300));
	set_blocking(conn->fd, false);
	tell(conn->sent);
	meet();
	put(conn, 1000);
}

static long unsent(struct conn *conn)
{
	int outgoing = -1;

	ioctl(conn->fd, SIOCOUTQ, &outgoing);
	return outgoing;
}

static void outgoing_queue(struct conn *conn)
{
	long deadline;

	for (int i = 0; i < 3; i++) {
		put(conn, 1000);
		for (deadline = now_ms() + 3000; unsent(conn) && now_ms() < deadline;)
			nap(5);
		say("received, unread: outgoing %ld", unsent(conn));
	}
	say("bounded: %d", stuff(conn, CHUNK));
	say("no room: something outgoing: %d", unsent(conn) > 0);
	tell(conn->sent);
	for (deadline = now_ms() + 3000; unsent(conn) && now_ms() < deadline;)
		nap(5);
	say("all read: outgoing %ld", unsent(conn));
	meet();
	put(conn, 1000);
}

/* MSG_MORE says that more bytes will follow: TCP may hold the bytes back, or not. */
static void more(struct conn *conn)
{
	for (int i = 0; i < 20; i++) {
		say_result("more: send", put_once(conn, 100, MSG_MORE));
		say_result("last: send", put_once(conn, 100, 0));
		take(conn, 1);
	}
}

static void take_both(struct conn *conn)
{
	for (int i = 0; i < 20; i++) {
		take(conn, 200);
		put(conn, 1);
	}
}

/* TCP_CORK holds bytes back: the reader must not be woken for them. */
static void cork(struct conn *conn)
{
	for (int i = 0; i < 3; i++) {
		set_option(conn->fd, SOL_TCP, TCP_CORK, 1);
		put_once(conn, 100, 0);
		meet();
		meet();
		set_option(conn->fd, SOL_TCP, TCP_CORK, 0);
		meet();
		meet();
	}
}

static void see_held_back(struct conn *conn)
{
	for (int i = 0; i < 3; i++) {
		meet();
		say_events("held back:", wait_for(conn->fd, POLLIN, 40));
		meet();
		meet();
		say_events("let go:", wait_for(conn->fd, POLLIN, PATIENCE_MS));
		while (take_once(conn, 1000, 0) > 0)
			;
		meet();
	}
}

static void nagle(struct conn *conn)
{
	set_option(conn->fd, SOL_TCP, TCP_NODELAY, 0);
	for (int i = 0; i < 10; i++) {
		put(conn, 10);
		put(conn, 20);
		put(conn, 30);
		take(conn, 60);
	}
}

static void echo_sixty(struct conn *conn)
{
	for (int i = 0; i < 10; i++) {
		take(conn, 60);
		put(conn, 60);
	}
}

static void nothing_sent(struct conn *conn)
{
	say_result("send", send(conn->fd, "", 0, 0));
	say_result("write", write(conn->fd, "", 0));
	meet();
	meet();
	put(conn, 100);
}

static void nothing_received(struct conn *conn)
{
	meet();
	say_events("nothing was sent:", wait_for(conn->fd, POLLIN, 50));
	say_result("recv", take_once(conn, 100, 0));
	meet();
	take(conn, 100);
}

/* Sends from a mapped file that was truncated: its pages are no longer there when send() copies them. */
static void send_cut_off(struct conn *conn)
{
	size_t page = sysconf(_SC_PAGESIZE);
	int file = memfd_create("cut", MFD_CLOEXEC);
	unsigned char *bytes;

	if (ftruncate(file, 2 * page))
		give_up("ftruncate");
	bytes = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	fill(bytes, conn->sent, page);
	if (ftruncate(file, page))
		give_up("ftruncate");
	for (int i = 0; i < 2; i++) {
		say_result("cut off: send", send(conn->fd, bytes + page, page, 0));
		say_result("cut off: write", write(conn->fd, bytes + page, page));
	}
	put(conn, 100);
	take(conn, 1);
}

static void take_rest(struct conn *conn)
{
	take(conn, 100);
	put(conn, 1);
}

const struct probe_case writing[] = {
	{ "write-64mib", "one write() of 64 MiB, read as it comes", write_at_once, take_large, TO_SERVER, .seconds = 120 },
	{ "stream-64mib", "64 MiB one way in pieces of 32 KiB", write_in_parts, take_large, TO_SERVER, .seconds = 120 },
	{ "backpressure", "a reader that stands still: send() says EAGAIN, poll() tells when there is room", stuff_and_wait, stand_still_then_take,
	  TO_SERVER },
	{ "epoll-out-edge", "edge-triggered EPOLLOUT comes each time there is room again", stuff_and_wait_for_edge, stand_still_thrice, TO_SERVER },
	{ "sndtimeo", "SO_SNDTIMEO ends a send() that finds no room", send_timeout, stand_still_then_take, TO_SERVER },
	{ "siocoutq", "SIOCOUTQ: nothing outgoing once received, something while there is no room", outgoing_queue, stand_still_then_take,
	  TO_SERVER },
	{ "msg-more", "MSG_MORE: the bytes come together with the next ones, or before them", more, take_both, TO_SERVER },
	{ "cork", "TCP_CORK holds bytes back until it is taken off", cork, see_held_back, TO_SERVER },
	{ "nagle", "small writes without TCP_NODELAY", nagle, echo_sixty, BOTH_WAYS },
	{ "send-nothing", "a send() of no bytes is not seen by the reader", nothing_sent, nothing_received, TO_SERVER },
	{ "send-cut-off", "send() from a mapped file that was truncated", send_cut_off, take_rest, TO_SERVER },
	END_OF_ROWS
};
