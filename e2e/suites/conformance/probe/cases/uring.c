// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Readers and writers by io_uring. */
#define _GNU_SOURCE
#include "../families.h"
#include "ring.h"
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

static unsigned char bytes[4096];

static void say_completion(const char *what, int result)
{
	if (result < 0)
		say("%s %s", what, strerrorname_np(-result));
	else
		say("%s %d", what, result);
}

static void ask_recv(int fd, size_t length, int flags)
{
	struct io_uring_sqe *request = ring_request();

	request->opcode = IORING_OP_RECV;
	request->fd = fd;
	request->addr = (uintptr_t)bytes;
	request->len = length;
	request->msg_flags = flags;
	ring_submit();
}

static void take_completion(struct conn *conn, const char *what)
{
	int result = ring_wait();

	say_completion(what, result);
	if (result > 0)
		check(conn, bytes, result);
}

/* The request is submitted before the data comes, and waits inside the kernel. */
static void receive(struct conn *conn)
{
	ring_open();
	set_blocking(conn->fd, true);
	for (int i = 0; i < 5; i++) {
		ask_recv(conn->fd, 1000, 0);
		say("nothing yet: %d", ring_idle(50));
		send_soon(100);
		take_completion(conn, "asleep: recv");
		send_now(100);
		settle();
		ask_recv(conn->fd, 1000, 0);
		take_completion(conn, "late: recv");
	}
	send_no_more();
}

static void receive_nonblocking(struct conn *conn)
{
	ring_open();
	for (int i = 0; i < 3; i++) {
		bool waits;

		ask_recv(conn->fd, 1000, 0);
		waits = ring_idle(50); /* older kernels say EAGAIN */
		say("waits: %d", waits);
		if (waits)
			send_soon(100);
		take_completion(conn, "empty: recv");
		send_now(100);
		settle();
		ask_recv(conn->fd, 60, 0);
		take_completion(conn, "recv");
		ask_recv(conn->fd, 1000, 0);
		take_completion(conn, "rest: recv");
	}
	send_no_more();
}

static void polled(struct conn *conn)
{
	ring_open();
	for (int i = 0; i < 5; i++) {
		struct io_uring_sqe *request = ring_request();

		request->opcode = IORING_OP_POLL_ADD;
		request->fd = conn->fd;
		request->poll32_events = POLLIN;
		ring_submit();
		say("nothing yet: %d", ring_idle(50));
		send_soon(100);
		say_events("asleep:", ring_wait());
		ask_recv(conn->fd, 1000, MSG_DONTWAIT);
		take_completion(conn, "recv");
	}
	send_no_more();
}

static void sending(struct conn *conn)
{
	ring_open();
	for (int i = 0; i < 5; i++) {
		struct io_uring_sqe *request = ring_request();

		fill(bytes, conn->sent, 1000);
		request->opcode = IORING_OP_SEND;
		request->fd = conn->fd;
		request->addr = (uintptr_t)bytes;
		request->len = 1000;
		ring_submit();
		say_completion("send", ring_wait());
		conn->sent += 1000;
		meet();
	}
}

static void take_sent(struct conn *conn)
{
	for (int i = 0; i < 5; i++) {
		take(conn, 1000);
		meet();
	}
}

#define PIECE 4000

/* Splices by a request of io_uring. */
static int splice_by_ring(int from, int to, size_t length)
{
	struct io_uring_sqe *request = ring_request();

	request->opcode = IORING_OP_SPLICE;
	request->splice_fd_in = from;
	request->splice_off_in = -1;
	request->fd = to;
	request->off = -1;
	request->len = length;
	request->splice_flags = SPLICE_F_NONBLOCK;
	ring_submit();
	return ring_wait();
}

static void ring_and_pipe(int pipe[2])
{
	ring_open();
	if (pipe2(pipe, O_NONBLOCK | O_CLOEXEC))
		give_up("pipe");
}

/* Splices while nothing is unread, so that the datapath knows this reader trait when bytes come. */
static void try_to_splice(struct conn *conn)
{
	int pipe[2];

	if (stage.client)
		return;
	ring_and_pipe(pipe);
	say_completion("empty: splice", splice_by_ring(conn->fd, pipe[1], 1));
	close(pipe[0]);
	close(pipe[1]);
}

static void splicing_by_ring(struct conn *conn)
{
	int pipe[2];

	ring_and_pipe(pipe);
	for (int i = 0; i < 3; i++) {
		int result = -EAGAIN;

		send_now(PIECE);
		settle();
		for (int tries = 0; tries < 20 && result == -EAGAIN; tries++) {
			wait_for(conn->fd, POLLIN, 50);
			result = splice_by_ring(conn->fd, pipe[1], PIECE);
		}
		say_completion("splice", result);
		if (result > 0 && read(pipe[0], bytes, result) == result)
			check(conn, bytes, result);
		take(conn, PIECE - (result > 0 ? result : 0));
	}
	send_no_more();
}

/* A multishot request completes with each arrival; the kernel takes the buffers from a stock of so many. */
#define STOCK 256
#define GROUP 1

static void offer_stock(void)
{
	static unsigned char stock[STOCK][sizeof(bytes)];
	struct io_uring_sqe *request = ring_request();

	request->opcode = IORING_OP_PROVIDE_BUFFERS;
	request->addr = (uintptr_t)stock;
	request->len = sizeof(bytes);
	request->fd = STOCK;
	request->buf_group = GROUP;
	ring_submit();
	if (ring_wait() < 0)
		unsupported("io_uring: buffers of the kernel's choice");
}

static void ask_multishot(int fd)
{
	struct io_uring_sqe *request = ring_request();

	request->opcode = IORING_OP_RECV;
	request->fd = fd;
	request->flags = IOSQE_BUFFER_SELECT;
	request->buf_group = GROUP;
	request->ioprio = IORING_RECV_MULTISHOT;
	ring_submit();
}

#define BURST 80

static void take_multishot(struct conn *conn, size_t length)
{
	while (length) {
		uint32_t flags;
		int result = ring_wait_with(&flags);

		if (result == -EINVAL)
			unsupported("io_uring: multishot recv");
		if (result <= 0)
			give_up("recv: %s", strerrorname_np(-result));
		length -= result;
		if (!(flags & IORING_CQE_F_MORE))
			ask_multishot(conn->fd);
	}
	put(conn, 1);
}

static void receive_multishot(struct conn *conn)
{
	ring_open();
	offer_stock();
	ask_multishot(conn->fd);
	for (int i = 0; i < 3; i++) {
		take_multishot(conn, 100);
		take_multishot(conn, 100 * BURST);
	}
}

static void send_to_multishot(struct conn *conn)
{
	for (int i = 0; i < 3; i++) {
		long start;

		put(conn, 100);
		take(conn, 1);
		start = now_ms();
		for (int j = 0; j < BURST; j++)
			put(conn, 100);
		take(conn, 1);
		say_prompt("answered", start);
	}
}

const struct probe_case uring[] = {
	{ "uring-recv", "io_uring: a recv that waits inside the kernel", feed, receive, TO_SERVER },
	{ "uring-recv-nonblocking", "io_uring: recv on a non-blocking socket", feed, receive_nonblocking, TO_SERVER },
	{ "uring-poll", "io_uring: a poll request, then recv", feed, polled, TO_SERVER },
	{ "uring-splice", "io_uring: splice from the socket, by a program that splices", feed, splicing_by_ring, TO_SERVER, try_to_splice },
	{ "uring-splice-first", "io_uring: splice from the socket, by a program that never spliced before", feed, splicing_by_ring, TO_SERVER },
	{ "uring-multishot", "io_uring: one recv for everything that comes", send_to_multishot, receive_multishot, TO_SERVER, .unvisited = true },
	{ "uring-send", "io_uring: send", sending, take_sent, TO_SERVER },
	END_OF_ROWS
};
