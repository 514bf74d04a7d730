// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Extensions of TCP: Fast Open, Multipath TCP, TLS in the kernel, sockets under repair. */
#define _GNU_SOURCE
#include "../families.h"
#include <fcntl.h>
#include <linux/tcp.h>
#include <linux/tls.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TURNS 20

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef TCP_ULP
#define TCP_ULP 31
#endif
#ifndef SOL_TLS
#define SOL_TLS 282
#endif

static void write_setting(const char *path, const char *value)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);

	if (file < 0 || write(file, value, strlen(value)) < 0)
		unsupported("%s: %s", path, strerrorname_np(errno));
	close(file);
}

static bool data_in_syn(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
	return info.tcpi_options & TCPI_OPT_SYN_DATA;
}

/* Counts the bytes only of connections that were opened with data in the SYN, which this case is about. */
static void end(struct conn *conn, bool opened_fast)
{
	if (opened_fast)
		note_speed(conn);
	close(conn->fd);
}

/* The first connection gets the cookie, the next ones carry data in their SYN. */
static void fast_open(struct conn *unused)
{
	unsigned char bytes[500];

	(void)unused;
	write_setting("/proc/sys/net/ipv4/tcp_fastopen", "3");
	meet();
	for (int i = 0; i < 4; i++) {
		struct conn conn = { .fd = open_socket(0) };
		bool opened_fast;

		fill(bytes, 0, sizeof(bytes));
		set_blocking(conn.fd, true);
		conn.sent = sendto(conn.fd, bytes, sizeof(bytes), MSG_FASTOPEN, (struct sockaddr *)&stage.target, sizeof(stage.target));
		set_blocking(conn.fd, false);
		set_option(conn.fd, IPPROTO_TCP, TCP_NODELAY, 1);
		note_start(&conn);
		take(&conn, 500);
		warm_up(&conn);
		turns(&conn, TURNS, 500);
		opened_fast = data_in_syn(conn.fd);
		say("data in SYN: %d", opened_fast);
		tell(opened_fast);
		hear();
		end(&conn, opened_fast);
	}
}

static void accept_fast(struct conn *unused)
{
	int listener = open_socket(0), wrong = 0;

	(void)unused;
	write_setting("/proc/sys/net/ipv4/tcp_fastopen", "3");
	set_option(listener, IPPROTO_TCP, TCP_FASTOPEN, 16);
	listen_on(listener, 16);
	meet();
	for (int i = 0; i < 4; i++) {
		struct conn conn = accept_from(listener);

		take(&conn, 500);
		put(&conn, 500);
		warm_up(&conn);
		answer_turns(&conn, TURNS, 500);
		wrong += conn.wrong;
		tell(0);
		end(&conn, hear());
	}
	say("connections with wrong bytes: %d", wrong);
}

static int multipath_socket(void)
{
	int probe = socket(stage.family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);

	if (probe < 0)
		unsupported("Multipath TCP: %s", strerrorname_np(errno));
	close(probe);
	return open_socket(IPPROTO_MPTCP);
}

static void multipath(struct conn *conn)
{
	meet();
	conn->fd = multipath_socket();
	connect_to_server(conn->fd);
	warm_up(conn);
	turns(conn, TURNS, 500);
	shutdown(conn->fd, SHUT_WR);
	take_to_end(conn);
}

static void accept_multipath(struct conn *conn)
{
	int listener = listen_on(multipath_socket(), 8);

	meet();
	*conn = accept_from(listener);
	warm_up(conn);
	answer_turns(conn, TURNS, 500);
	take_to_end(conn);
	hang_up(conn);
}

static void start_tls(struct conn *conn)
{
	struct tls12_crypto_info_aes_gcm_128 keys = { .info = { .version = TLS_1_2_VERSION, .cipher_type = TLS_CIPHER_AES_GCM_128 } };

	if (setsockopt(conn->fd, IPPROTO_TCP, TCP_ULP, "tls", 4)) {
		if (errno == ENOENT || errno == ENOPROTOOPT)
			unsupported("TLS in the kernel: %s", strerrorname_np(errno));
		say("TCP_ULP %s", strerrorname_np(errno));
		return;
	}
	say_result("keys to send", setsockopt(conn->fd, SOL_TLS, TLS_TX, &keys, sizeof(keys)));
	say_result("keys to receive", setsockopt(conn->fd, SOL_TLS, TLS_RX, &keys, sizeof(keys)));
}

static void tls(struct conn *conn)
{
	start_tls(conn);
	meet();
	turns(conn, TURNS, 500);
}

static void tls_server(struct conn *conn)
{
	start_tls(conn);
	meet();
	answer_turns(conn, TURNS, 500);
}

static void tls_at_once(struct conn *conn)
{
	open_cold(conn);
	tls(conn);
}

static void tls_at_once_server(struct conn *conn)
{
	open_cold(conn);
	tls_server(conn);
}

static uint32_t sequence(int fd, int queue)
{
	set_option(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue);
	return get_option(fd, IPPROTO_TCP, TCP_QUEUE_SEQ);
}

static void repair(struct conn *conn)
{
	turns(conn, TURNS, 500);
	for (int i = 0; i < 3; i++) {
		set_option(conn->fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON);
		say("has sequence numbers: %d", sequence(conn->fd, TCP_SEND_QUEUE) && sequence(conn->fd, TCP_RECV_QUEUE));
		set_option(conn->fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_NO_QUEUE);
		set_option(conn->fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP);
		turns(conn, TURNS, 500);
	}
}

static void echo_repaired(struct conn *conn)
{
	for (int i = 0; i < 4; i++)
		answer_turns(conn, TURNS, 500);
}

/* As CRIU's soccr does for a checkpoint: reads unread bytes by MSG_PEEK on the receive queue of a socket under repair. */
static void repair_unread(struct conn *conn)
{
	send_now(700);
	settle();
	set_option(conn->fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON);
	set_option(conn->fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_RECV_QUEUE);
	say_result("unread: peek", take_once(conn, 4096, MSG_PEEK));
	set_option(conn->fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_NO_QUEUE);
	set_option(conn->fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP);
	set_option(conn->fd, SOL_SOCKET, SO_REUSEADDR, 1); /* TCP_REPAIR has cleared this option; the next listener on the port needs it */
	take(conn, 700);
	send_no_more();
}

const struct probe_case special[] = { { "fast-open", "TCP Fast Open: data in the SYN", fast_open, accept_fast, BOTH_WAYS, .alone = true },
				      { "mptcp", "Multipath TCP", multipath, accept_multipath, BOTH_WAYS, .alone = true },
				      { "ktls", "TLS in the kernel, switched on on a connection in use", tls, tls_server, BOTH_WAYS },
				      { "ktls-new", "TLS in the kernel, switched on on a new connection", tls_at_once, tls_at_once_server, BOTH_WAYS,
					.alone = true },
				      { "repair", "TCP_REPAIR switched on and off in between", repair, echo_repaired, BOTH_WAYS },
				      { "repair-unread", "TCP_REPAIR shows the bytes that are unread", feed, repair_unread, TO_SERVER },
				      END_OF_ROWS };
