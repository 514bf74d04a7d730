// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reading and writing by vectors, several messages in one call, and control messages that come beside the bytes. */
#define _GNU_SOURCE
#include "../families.h"
#include <linux/tcp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static void readv_parts(struct conn *conn)
{
	unsigned char bytes[600];
	struct iovec parts[] = { { bytes, 100 }, { bytes + 100, 0 }, { bytes + 100, 200 }, { bytes + 300, 300 } };

	for (int i = 0; i < 3; i++) {
		ssize_t n;

		send_now(250);
		send_now(250);
		settle();
		n = readv(conn->fd, parts, 4);
		say_result("readv", n);
		if (n > 0)
			check(conn, bytes, n);
	}
	say_result("empty: readv", readv(conn->fd, parts, 4));
	send_no_more();
}

static void writev_parts(struct conn *conn)
{
	unsigned char bytes[600];

	for (int i = 0; i < 10; i++) {
		struct iovec parts[] = { { bytes, 100 }, { bytes + 100, 0 }, { bytes + 100, 499 }, { bytes + 599, 1 } };

		fill(bytes, conn->sent, sizeof(bytes));
		say_result("writev", writev(conn->fd, parts, 4));
		conn->sent += sizeof(bytes);
		memset(bytes, 0xee, sizeof(bytes)); /* the program may use the buffer again */
		meet();
	}
}

static void take_messages(struct conn *conn)
{
	for (int i = 0; i < 10; i++) {
		meet();
		take(conn, 600);
	}
}

static void sendmmsg_three(struct conn *conn)
{
	for (int i = 0; i < 10; i++) {
		unsigned char bytes[3][200];
		struct iovec parts[3];
		struct mmsghdr messages[3] = { 0 };

		for (int j = 0; j < 3; j++) {
			fill(bytes[j], conn->sent + 200 * j, 200);
			parts[j] = (struct iovec){ bytes[j], 200 };
			messages[j].msg_hdr.msg_iov = &parts[j];
			messages[j].msg_hdr.msg_iovlen = 1;
		}
		say_result("sendmmsg", sendmmsg(conn->fd, messages, 3, 0));
		say("lengths %u %u %u", messages[0].msg_len, messages[1].msg_len, messages[2].msg_len);
		conn->sent += 600;
		meet();
	}
}

static void recvmmsg_three(struct conn *conn)
{
	unsigned char bytes[3][100];
	struct iovec parts[3] = { { bytes[0], 100 }, { bytes[1], 100 }, { bytes[2], 100 } };
	struct mmsghdr messages[3] = { 0 };
	int n;

	for (int j = 0; j < 3; j++) {
		messages[j].msg_hdr.msg_iov = &parts[j];
		messages[j].msg_hdr.msg_iovlen = 1;
	}
	send_now(250);
	settle();
	n = recvmmsg(conn->fd, messages, 3, MSG_DONTWAIT, NULL);
	say_result("recvmmsg", n);
	for (int j = 0; j < n; j++) {
		say("message of %u, flags %x", messages[j].msg_len, messages[j].msg_hdr.msg_flags);
		check(conn, bytes[j], messages[j].msg_len);
	}
	send_no_more();
}

/* Receives once by recvmsg(), and says which control messages came beside the bytes. */
static void say_beside(struct conn *conn, size_t length)
{
	unsigned char bytes[4096];
	char beside[256];
	struct iovec part = { bytes, length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = beside, .msg_controllen = sizeof(beside) };
	ssize_t n = recvmsg(conn->fd, &message, 0);

	say_result("recvmsg", n);
	if (n < 0)
		return;
	check(conn, bytes, n);
	say("flags %x", message.msg_flags);
	for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
		if (each->cmsg_level == IPPROTO_TCP && each->cmsg_type == TCP_CM_INQ)
			say("still unread %d", *(int *)CMSG_DATA(each));
		else
			say("beside it: level %d type %d", each->cmsg_level, each->cmsg_type);
	}
}

static void ask_inq(struct conn *conn)
{
	if (!stage.client)
		set_option(conn->fd, IPPROTO_TCP, TCP_INQ, 1);
}

static void inq(struct conn *conn)
{
	for (int i = 0; i < 2; i++) {
		send_now(300);
		settle();
		say_beside(conn, 100);
		say_beside(conn, 1000);
	}
	send_no_more();
}

static void inq_later(struct conn *conn)
{
	ask_inq(conn);
	inq(conn);
}

static void ask_receive_timestamp(struct conn *conn)
{
	if (!stage.client)
		set_option(conn->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
}

/* The kernel begins to stamp packets a moment after the first socket has asked for time stamps, because a work item switches
 * stamping on (netstamp_work, net/core/dev.c). */
#define STAMP_TRIES 50

static bool one_byte_stamped(struct conn *conn)
{
	unsigned char byte;
	char beside[256];
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = beside, .msg_controllen = sizeof(beside) };

	send_now(1);
	settle();
	if (recvmsg(conn->fd, &message, 0) != 1)
		return false;
	check(conn, &byte, 1);
	return CMSG_FIRSTHDR(&message);
}

static void receive_timestamp(struct conn *conn)
{
	for (int tries = 0; tries < STAMP_TRIES && !one_byte_stamped(conn); tries++)
		;
	for (int i = 0; i < 2; i++) {
		send_now(300);
		settle();
		say_beside(conn, 1000);
	}
	send_no_more();
}

static void receive_timestamp_later(struct conn *conn)
{
	ask_receive_timestamp(conn);
	receive_timestamp(conn);
}

#define WINDOW_PAGES 16

static void *window;

/* Maps the socket; TCP_ZEROCOPY_RECEIVE maps the pages of received bytes there. */
static void map_socket(struct conn *conn)
{
	if (stage.client)
		return;
	window = mmap(NULL, WINDOW_PAGES * sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, conn->fd, 0);
	if (window == MAP_FAILED)
		unsupported("mapping a TCP socket: %s", strerrorname_np(errno));
}

/* TCP_ZEROCOPY_RECEIVE maps whole pages only; the program must receive the other bytes by recv(). */
static void receive_by_mapping(struct conn *conn)
{
	for (int i = 0; i < 3; i++) {
		struct tcp_zerocopy_receive asked = { .address = (uintptr_t)window, .length = WINDOW_PAGES * sysconf(_SC_PAGESIZE) };
		socklen_t size = sizeof(asked);
		int result;

		send_now(1000);
		settle();
		result = getsockopt(conn->fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &asked, &size);
		say_result("map", result);
		say("mapped %u, to be received %u", asked.length, asked.recv_skip_hint);
		if (asked.length)
			check(conn, window, asked.length);
		take(conn, 1000 - asked.length);
	}
	send_no_more();
}

static void receive_by_mapping_later(struct conn *conn)
{
	map_socket(conn);
	receive_by_mapping(conn);
}

static void one_byte_writes(struct conn *conn)
{
	for (int i = 0; i < 2000; i++) {
		put(conn, 1);
		if (i % 20 == 19)
			take(conn, 1);
	}
}

static void one_byte_reads(struct conn *conn)
{
	for (int i = 0; i < 2000; i++) {
		take(conn, 1);
		if (i % 20 == 19)
			put(conn, 1);
	}
}

const struct probe_case messages[] = {
	{ "readv", "readv() fills its parts in order, over message borders", feed, readv_parts, TO_SERVER },
	{ "writev", "writev() gathers its parts; the buffers are the program's again at once", writev_parts, take_messages, TO_SERVER },
	{ "sendmmsg", "sendmmsg() sends several messages, in order", sendmmsg_three, take_messages, TO_SERVER },
	{ "recvmmsg", "recvmmsg() takes several parts", feed, recvmmsg_three, TO_SERVER },
	{ "one-byte", "2,000 writes and reads of one byte", one_byte_writes, one_byte_reads, BOTH_WAYS },
	{ "inq", "TCP_INQ: a control message says how many bytes are left", feed, inq, TO_SERVER, ask_inq },
	{ "inq-later", "TCP_INQ, asked for on a connection in use", feed, inq_later, TO_SERVER },
	{ "zerocopy-receive", "TCP_ZEROCOPY_RECEIVE tells what can be mapped and what is to be received", feed, receive_by_mapping, TO_SERVER,
	  map_socket },
	{ "zerocopy-receive-later", "TCP_ZEROCOPY_RECEIVE on a socket that is mapped when it is in use", feed, receive_by_mapping_later, TO_SERVER },
	{ "receive-timestamp", "SO_TIMESTAMPNS puts a time stamp beside the bytes", feed, receive_timestamp, TO_SERVER, ask_receive_timestamp },
	{ "receive-timestamp-later", "SO_TIMESTAMPNS, asked for on a connection in use", feed, receive_timestamp_later, TO_SERVER },
	END_OF_ROWS
};
