// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bytes whose values follow from their place in the stream: the receiver sees that a byte was lost, doubled or reordered. */
#define _GNU_SOURCE
#include "probe.h"
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* A prime, so that a loss of any power of two of bytes is seen. */
#define PERIOD 65521
/* Far more bytes than plain TCP accepts while the reader stands still. */
#define UNBOUNDED (64 << 20)
/* When there is no room for so long, the sender does not just wait for an acknowledgement that is on its way. */
#define FULL_MS 300

static unsigned char table[PERIOD + STREAM_WINDOW];

/* Runs before main(), so before any thread reads the table. */
static void __attribute__((constructor)) write_table(void)
{
	uint32_t random = 1;

	for (size_t i = 0; i < sizeof(table); i++) {
		random = random * 1103515245 + 12345;
		table[i] = i < PERIOD ? random >> 16 : table[i - PERIOD];
	}
}

static const unsigned char *stream(uint64_t at)
{
	return table + at % PERIOD;
}

void fill(void *buffer, uint64_t at, size_t length)
{
	memcpy(buffer, stream(at), length);
}

bool matches(const void *buffer, uint64_t at, size_t length)
{
	return !memcmp(buffer, stream(at), length);
}

void check(struct conn *conn, const void *buffer, size_t length)
{
	if (!conn->wrong && !matches(buffer, conn->taken, length)) {
		conn->wrong = true;
		say("wrong bytes");
	}
	conn->taken += length;
}

int wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	int ready = poll(&poll_fd, 1, timeout_ms);

	if (ready < 0)
		give_up("poll: %s", strerrorname_np(errno));
	return ready ? poll_fd.revents : 0;
}

bool stuff(struct conn *conn, size_t piece)
{
	uint64_t limit = conn->sent + UNBOUNDED;

	while (conn->sent < limit) {
		if (put_once(conn, piece, 0) >= 0)
			continue;
		if (errno != EAGAIN)
			give_up("send: %s", strerrorname_np(errno));
		if (!wait_for(conn->fd, POLLOUT, FULL_MS))
			return true;
	}
	return false;
}

static unsigned char *scratch(void)
{
	static _Thread_local unsigned char *buffer;

	if (!buffer)
		buffer = malloc(STREAM_WINDOW);
	return buffer;
}

ssize_t put_once(struct conn *conn, size_t length, int flags)
{
	ssize_t n = send(conn->fd, stream(conn->sent), length, flags);
	int error = errno;

	keep_speed(conn);
	errno = error;
	if (n > 0)
		conn->sent += n;
	return n;
}

void put(struct conn *conn, size_t length)
{
	while (length) {
		size_t part = length < STREAM_WINDOW ? length : STREAM_WINDOW;
		ssize_t n = put_once(conn, part, 0);

		if (n >= 0)
			length -= n;
		else if (errno != EAGAIN)
			give_up("send: %s", strerrorname_np(errno));
		else if (!wait_for(conn->fd, POLLOUT, PATIENCE_MS))
			give_up("no room to send in");
	}
}

ssize_t take_once(struct conn *conn, size_t length, int flags)
{
	unsigned char *buffer = scratch();
	ssize_t n = recv(conn->fd, buffer, length < STREAM_WINDOW ? length : STREAM_WINDOW, flags);

	if (n > 0 && !(flags & MSG_PEEK))
		check(conn, buffer, n);
	else if (n > 0 && !matches(buffer, conn->taken, n))
		say("wrong bytes seen in advance");
	return n;
}

void take(struct conn *conn, size_t length)
{
	while (length) {
		ssize_t n = take_once(conn, length, 0);

		if (n > 0)
			length -= n;
		else if (n == 0)
			give_up("end of file where %zu more bytes are due", length);
		else if (errno != EAGAIN)
			give_up("recv: %s", strerrorname_np(errno));
		else if (!wait_for(conn->fd, POLLIN, PATIENCE_MS))
			give_up("nothing to read where %zu more bytes are due", length);
	}
}

uint64_t take_to_end(struct conn *conn)
{
	uint64_t total = 0;

	for (;;) {
		ssize_t n = take_once(conn, STREAM_WINDOW, 0);

		if (n > 0) {
			total += n;
		} else if (n == 0 || errno != EAGAIN) {
			say("%llu bytes, then %s", (unsigned long long)total, n ? strerrorname_np(errno) : "end of file");
			return total;
		} else if (!wait_for(conn->fd, POLLIN, PATIENCE_MS)) {
			say("%llu bytes, then nothing", (unsigned long long)total);
			return total;
		}
	}
}
