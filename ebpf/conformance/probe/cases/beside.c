// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sending with answers beside the stream: urgent data, zero-copy completions, time stamps. */
#define _GNU_SOURCE
#include "../families.h"
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#define ROUNDS 10
#define PIECE 16384

/* Counts what the error queue tells of `wanted` sends: time stamps one by one, zero-copy completions as ranges. */
static int told_of(struct conn *conn, int wanted)
{
	int told = 0;

	for (long deadline = now_ms() + 2000; told < wanted && now_ms() < deadline;) {
		char beside[256];
		struct msghdr message = { .msg_control = beside, .msg_controllen = sizeof(beside) };

		if (recvmsg(conn->fd, &message, MSG_ERRQUEUE) < 0) {
			wait_for(conn->fd, 0, 20);
			continue;
		}
		for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
			struct sock_extended_err *error = (void *)CMSG_DATA(each);

			if ((each->cmsg_level != SOL_IP || each->cmsg_type != IP_RECVERR) &&
			    (each->cmsg_level != SOL_IPV6 || each->cmsg_type != IPV6_RECVERR))
				continue;
			told += error->ee_origin == SO_EE_ORIGIN_ZEROCOPY ? (int)(error->ee_data - error->ee_info) + 1 : 1;
		}
	}
	return told;
}

static void zerocopy(struct conn *conn)
{
	set_option(conn->fd, SOL_SOCKET, SO_ZEROCOPY, 1);
	for (int i = 0; i < ROUNDS; i++) {
		say_result("send", put_once(conn, PIECE, MSG_ZEROCOPY));
		take(conn, 1);
	}
	say("completions %d", told_of(conn, ROUNDS));
}

static void send_timestamp(struct conn *conn)
{
	set_option(conn->fd, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY);
	for (int i = 0; i < ROUNDS; i++) {
		say_result("send", put_once(conn, PIECE, 0));
		take(conn, 1);
	}
	say("time stamps %d", told_of(conn, ROUNDS));
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

static void see_urgent_inline(struct conn *conn)
{
	set_option(conn->fd, SOL_SOCKET, SO_OOBINLINE, 1);
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

const struct probe_case beside[] = {
	{ "zerocopy", "MSG_ZEROCOPY: every send is completed on the error queue", zerocopy, acknowledge_pieces, TO_SERVER },
	{ "send-timestamp", "SO_TIMESTAMPING: every send gets its time stamp", send_timestamp, acknowledge_pieces, TO_SERVER },
	{ "oob", "MSG_OOB: POLLPRI, the urgent byte apart from the others, the mark", urgent, see_urgent, TO_SERVER },
	{ "oob-inline", "MSG_OOB with SO_OOBINLINE: POLLPRI, the urgent byte in its place", urgent, see_urgent_inline, TO_SERVER },
	END_OF_ROWS
};
