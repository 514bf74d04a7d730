// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How a reader learns that there is something to read. */
#define _GNU_SOURCE
#include "../families.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static void blocking(struct conn *conn)
{
	set_blocking(conn->fd, true);
	for (size_t length = 1; length <= 1000; length *= 10) {
		send_soon(length);
		say_result("asleep: recv", take_once(conn, 4096, 0));
		send_now(length);
		say_result("late: recv", take_once(conn, 4096, 0));
	}
	send_no_more();
}

static void nonblocking(struct conn *conn)
{
	say_result("empty: recv", take_once(conn, 1000, 0));
	send_now(100);
	settle();
	say_result("recv", take_once(conn, 1000, 0));
	say_result("empty: recv", take_once(conn, 1000, 0));
	send_now(100);
	send_now(100);
	settle();
	say_result("two messages: recv", take_once(conn, 150, 0));
	say_result("rest: recv", take_once(conn, 1000, 0));
	send_no_more();
}

static void dontwait(struct conn *conn)
{
	set_blocking(conn->fd, true);
	say_result("empty: recv", take_once(conn, 1000, MSG_DONTWAIT));
	send_now(100);
	settle();
	say_result("recv", take_once(conn, 1000, MSG_DONTWAIT));
	send_no_more();
}

static void polling(struct conn *conn)
{
	say_events("empty:", wait_for(conn->fd, POLLIN | POLLOUT | POLLRDHUP, 0));
	for (int i = 0; i < 3; i++) {
		send_soon(100);
		say_events("asleep:", wait_for(conn->fd, POLLIN, PATIENCE_MS));
		say_result("recv", take_once(conn, 60, 0));
		say_events("rest:", wait_for(conn->fd, POLLIN | POLLOUT, 0));
		say_result("recv", take_once(conn, 60, 0));
		say_events("empty:", wait_for(conn->fd, POLLIN, 50));
	}
	send_no_more();
}

static void selecting(struct conn *conn)
{
	for (int i = 0; i < 3; i++) {
		struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
		fd_set readable;

		FD_ZERO(&readable);
		FD_SET(conn->fd, &readable);
		send_soon(100);
		say_result("asleep: select", select(conn->fd + 1, &readable, NULL, NULL, &patience));
		say_result("recv", take_once(conn, 1000, 0));
	}
	send_no_more();
}

static int watch(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		give_up("epoll");
	return epoll;
}

static void say_wait(const char *what, int epoll, int timeout_ms)
{
	struct epoll_event event = { 0 };

	epoll_wait(epoll, &event, 1, timeout_ms);
	say_events(what, event.events);
}

static void epoll_level(struct conn *conn)
{
	int epoll = watch(conn->fd, EPOLLIN);

	say_wait("empty:", epoll, 50);
	for (int i = 0; i < 3; i++) {
		send_soon(100);
		say_wait("asleep:", epoll, PATIENCE_MS);
		say_wait("unread:", epoll, 50);
		say_result("recv", take_once(conn, 60, 0));
		say_wait("rest:", epoll, 50);
		say_result("recv", take_once(conn, 60, 0));
		say_wait("empty:", epoll, 50);
	}
	send_no_more();
}

static void epoll_edge(struct conn *conn)
{
	int epoll = watch(conn->fd, EPOLLIN | EPOLLRDHUP | EPOLLET);

	say_wait("empty:", epoll, 50);
	for (int i = 0; i < 3; i++) {
		send_soon(100);
		say_wait("asleep:", epoll, PATIENCE_MS);
		say_wait("unread:", epoll, 50);
		send_now(100);
		say_wait("another edge:", epoll, PATIENCE_MS);
		say_wait("unread:", epoll, 50);
		say_result("recv", take_once(conn, 4096, 0));
		say_result("recv", take_once(conn, 4096, 0));
		send_now(100);
		say_wait("edge after all was read:", epoll, PATIENCE_MS);
		take(conn, 100);
	}
	send_no_more();
}

/* The socket is added to epoll while data is unread: the first wait must return at once. */
static void epoll_late(struct conn *conn)
{
	int epoll;

	send_now(100);
	settle();
	epoll = watch(conn->fd, EPOLLIN | EPOLLET);
	say_wait("added late:", epoll, PATIENCE_MS);
	take(conn, 100);
	say_wait("empty:", epoll, 50);
	send_no_more();
}

static void epoll_oneshot(struct conn *conn)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };
	int epoll = watch(conn->fd, event.events);

	send_soon(100);
	say_wait("armed:", epoll, PATIENCE_MS);
	send_now(100);
	say_wait("spent:", epoll, 50);
	epoll_ctl(epoll, EPOLL_CTL_MOD, conn->fd, &event);
	say_wait("armed again:", epoll, PATIENCE_MS);
	take(conn, 200);
	send_no_more();
}

/* A signal wakes the reader (O_ASYNC), as in programs from before poll(). */
static void signalled(struct conn *conn)
{
	struct timespec patience = { .tv_sec = PATIENCE_MS / 1000 }, moment = { .tv_nsec = 50000000 };
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGIO);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fcntl(conn->fd, F_SETOWN, getpid());
	fcntl(conn->fd, F_SETFL, O_NONBLOCK | O_ASYNC);
	for (int i = 0; i < 3; i++) {
		while (sigtimedwait(&signals, NULL, &moment) > 0)
			;
		send_soon(100);
		say("signalled: %d", sigtimedwait(&signals, NULL, &patience) == SIGIO);
		take(conn, 100);
	}
	send_no_more();
}

const struct probe_case waking[] = {
	{ "blocking", "recv() on a blocking socket, asleep before the data comes and late for it", feed, blocking, TO_SERVER },
	{ "nonblocking", "recv() on a non-blocking socket: EAGAIN, parts, several messages at once", feed, nonblocking, TO_SERVER },
	{ "dontwait", "recv() with MSG_DONTWAIT on a blocking socket", feed, dontwait, TO_SERVER },
	{ "poll", "poll() masks before, at and after data", feed, polling, TO_SERVER },
	{ "select", "select() wakes for data", feed, selecting, TO_SERVER },
	{ "epoll-level", "level-triggered epoll: an event as long as something is unread", feed, epoll_level, TO_SERVER },
	{ "epoll-edge", "edge-triggered epoll: one event for each arrival", feed, epoll_edge, TO_SERVER },
	{ "epoll-late", "edge-triggered epoll on a socket that has unread data already", feed, epoll_late, TO_SERVER },
	{ "sigio", "O_ASYNC: a signal comes with the data", feed, signalled, TO_SERVER },
	{ "epoll-oneshot", "EPOLLONESHOT: one event, and another when armed anew", feed, epoll_oneshot, TO_SERVER },
	END_OF_ROWS
};
