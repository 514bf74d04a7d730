// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the kernel reports beside the stream: urgent data, zero-copy completions, time stamps. */
#define _GNU_SOURCE
#include "../families.h"
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#define ROUNDS 10
#define PIECE 16384

/* How many sends the next entry of the error queue is about: a time stamp is about one, a zero-copy completion about a range. Returns -1
 * when the queue is empty. */
static int told_once(struct conn *conn)
{
	char beside[256];
	struct msghdr message = { .msg_control = beside, .msg_controllen = sizeof(beside) };
	int told = 0;

	if (recvmsg(conn->fd, &message, MSG_ERRQUEUE) < 0)
		return -1;
	for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
		struct sock_extended_err *error = (void *)CMSG_DATA(each);

		if ((each->cmsg_level == SOL_IP && each->cmsg_type == IP_RECVERR) ||
		    (each->cmsg_level == SOL_IPV6 && each->cmsg_type == IPV6_RECVERR))
			told += error->ee_origin == SO_EE_ORIGIN_ZEROCOPY ? (int)(error->ee_data - error->ee_info) + 1 : 1;
	}
	return told;
}

static int told_of(struct conn *conn, int wanted)
{
	int told = 0;

	for (long deadline = now_ms() + 2000; told < wanted && now_ms() < deadline;) {
		int more = told_once(conn);

		if (more >= 0)
			told += more;
		else
			wait_for(conn->fd, 0, 20);
	}
	return told;
}

/* Drops the entries for everything that was sent before the case began. */
static void forget_told(struct conn *conn)
{
	settle();
	while (told_once(conn) >= 0)
		;
}

static void ask_zerocopy(struct conn *conn)
{
	if (stage.client)
		set_option(conn->fd, SOL_SOCKET, SO_ZEROCOPY, 1);
}

static void zerocopy(struct conn *conn)
{
	forget_told(conn);
	for (int i = 0; i < ROUNDS; i++) {
		say_result("send", put_once(conn, PIECE, MSG_ZEROCOPY));
		take(conn, 1);
	}
	say("completions %d", told_of(conn, ROUNDS));
}

static void zerocopy_later(struct conn *conn)
{
	ask_zerocopy(conn);
	zerocopy(conn);
}

static void ask_send_timestamp(struct conn *conn)
{
	int what = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;

	if (stage.client)
		set_option(conn->fd, SOL_SOCKET, SO_TIMESTAMPING, what);
}

static void send_timestamp(struct conn *conn)
{
	forget_told(conn);
	for (int i = 0; i < ROUNDS; i++) {
		say_result("send", put_once(conn, PIECE, 0));
		take(conn, 1);
	}
	say("time stamps %d", told_of(conn, ROUNDS));
}

static void send_timestamp_later(struct conn *conn)
{
	ask_send_timestamp(conn);
	send_timestamp(conn);
}

static void acknowledge_pieces(struct conn *conn)
{
	for (int i = 0; i < ROUNDS; i++) {
		take(conn, PIECE);
		put(conn, 1);
	}
}

static void urgent(struct conn *conn)
{
	for (int i = 0; i < 3; i++) {
		put(conn, 100);
		say_result("urgent: send", send(conn->fd, "!", 1, MSG_OOB));
		put(conn, 100);
		meet();
		meet();
	}
}

static void see_urgent(struct conn *conn)
{
	for (int i = 0; i < 3; i++) {
		char byte = '-';
		int mark = 0;

		meet();
		settle();
		say_events("urgent:", wait_for(conn->fd, POLLPRI, 200));
		say_result("urgent: recv", recv(conn->fd, &byte, 1, MSG_OOB));
		say("urgent byte %c", byte);
		say_result("up to the mark: recv", take_once(conn, 1000, 0));
		ioctl(conn->fd, SIOCATMARK, &mark);
		say("at the mark: %d", mark);
		say_result("behind the mark: recv", take_once(conn, 1000, 0));
		meet();
	}
}

static void ask_urgent_inline(struct conn *conn)
{
	if (!stage.client)
		set_option(conn->fd, SOL_SOCKET, SO_OOBINLINE, 1);
}

static void see_urgent_inline(struct conn *conn)
{
	for (int i = 0; i < 3; i++) {
		char byte = '-';

		meet();
		settle();
		say_events("urgent:", wait_for(conn->fd, POLLPRI, 200));
		say_result("up to the mark: recv", take_once(conn, 100, 0));
		say_result("urgent: recv", recv(conn->fd, &byte, 1, 0));
		say("urgent byte %c", byte);
		say_result("behind the mark: recv", take_once(conn, 1000, 0));
		meet();
	}
}

static void see_urgent_inline_later(struct conn *conn)
{
	ask_urgent_inline(conn);
	meet();
	see_urgent_inline(conn);
}

static void urgent_later(struct conn *conn)
{
	meet();
	urgent(conn);
}

const struct probe_case beside[] = {
	{ "zerocopy", "MSG_ZEROCOPY: every send is completed on the error queue", zerocopy, acknowledge_pieces, TO_SERVER, ask_zerocopy },
	{ "zerocopy-later", "MSG_ZEROCOPY, asked for on a connection in use", zerocopy_later, acknowledge_pieces, TO_SERVER },
	{ "send-timestamp", "SO_TIMESTAMPING: every send gets its time stamp", send_timestamp, acknowledge_pieces, TO_SERVER, ask_send_timestamp },
	{ "send-timestamp-later", "SO_TIMESTAMPING, asked for on a connection in use", send_timestamp_later, acknowledge_pieces, TO_SERVER },
	{ "oob", "MSG_OOB: POLLPRI, the urgent byte apart from the others, the mark", urgent, see_urgent, TO_SERVER },
	{ "oob-inline", "MSG_OOB with SO_OOBINLINE: POLLPRI, the urgent byte in its place", urgent, see_urgent_inline, TO_SERVER, ask_urgent_inline },
	{ "oob-inline-later", "MSG_OOB with SO_OOBINLINE, asked for on a connection in use", urgent_later, see_urgent_inline_later, TO_SERVER },
	END_OF_ROWS
};
