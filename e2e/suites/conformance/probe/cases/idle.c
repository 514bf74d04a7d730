// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Connections on which little happens for a time: keepalive, user timeout, and firewalls that forget them. */
#define _GNU_SOURCE
#include "../families.h"
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define TURNS 20
#define CONNTRACK_SECONDS 2

static void keep_alive(struct conn *conn)
{
	turns(conn, TURNS, 500);
	set_option(conn->fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(conn->fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_option(conn->fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_option(conn->fd, IPPROTO_TCP, TCP_KEEPCNT, 2);
	say_events("idle:", wait_for(conn->fd, POLLIN | POLLRDHUP, 4500));
	turns(conn, TURNS, 500);
}

/* The connection is busy on the fast path and idle for TCP, whose keepalive must not take it for dead. */
static void keep_alive_busy(struct conn *conn)
{
	set_option(conn->fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(conn->fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_option(conn->fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_option(conn->fd, IPPROTO_TCP, TCP_KEEPCNT, 2);
	for (int i = 0; i < 45; i++) {
		turns(conn, 1, 500);
		nap(100);
	}
}

static void answer_keep_alive(struct conn *conn)
{
	answer_turns(conn, TURNS, 500);
	answer_turns(conn, TURNS, 500);
}

static void answer_busy(struct conn *conn)
{
	answer_turns(conn, 45, 500);
}

/* The reader reads nothing, and its receive window is full. */
static void user_timeout(struct conn *conn)
{
	set_option(conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000);
	stuff(conn, 65536);
	say_events("no answer:", wait_for(conn->fd, POLLRDHUP, 12000));
	say("error %d", get_option(conn->fd, SOL_SOCKET, SO_ERROR));
	say_result("send", put_once(conn, 1, 0));
	meet();
}

static void stand_still(struct conn *conn)
{
	(void)conn;
	meet();
}

/* When everything is read in time, the timeout changes nothing. */
static void user_timeout_in_time(struct conn *conn)
{
	set_option(conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000);
	turns(conn, TURNS, 500);
	nap(2500);
	turns(conn, TURNS, 500);
}

#define ESTABLISHED_SECONDS "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established"
#define USUAL_SECONDS 432000

/* Sets the timeout of connection tracking in this network namespace, for connections that get a packet from now on. */
static void remember_connections_for(int seconds)
{
	int file = open(ESTABLISHED_SECONDS, O_WRONLY | O_CLOEXEC);

	if (file < 0)
		unsupported("connection tracking: %s", strerrorname_np(errno));
	dprintf(file, "%d", seconds);
	close(file);
}

/* The connection is in use all the time, but the firewall sees no redirected byte, so it forgets the connection. */
static void open_and_be_forgotten(struct conn *conn)
{
	int listener = stage.client ? -1 : listen_here(8);

	remember_connections_for(CONNTRACK_SECONDS);
	meet();
	*conn = pair_up(listener);
	for (int i = 0; i < CONNTRACK_SECONDS * 25; i++) {
		if (stage.client) {
			turns(conn, 1, 500);
			nap(100);
		} else {
			answer_turns(conn, 1, 500);
		}
	}
	meet();
}

/* Nothing is sent until the firewall has forgotten the connection; then the client sends. */
static void idle_until_forgotten(struct conn *conn)
{
	int listener = stage.client ? -1 : listen_here(8);

	remember_connections_for(CONNTRACK_SECONDS);
	meet();
	*conn = pair_up(listener);
	meet();
	nap(CONNTRACK_SECONDS * 2000);
	if (stage.client)
		turns(conn, TURNS, 500);
	else
		answer_turns(conn, TURNS, 500);
	remember_connections_for(USUAL_SECONDS);
}

/* The client makes its socket blocking. So the server's next bytes go over TCP, the first since the firewall forgot the connection. */
static void forgotten_client(struct conn *conn)
{
	open_and_be_forgotten(conn);
	set_blocking(conn->fd, true);
	meet();
	say_events("server's bytes:", wait_for(conn->fd, POLLIN, PATIENCE_MS));
	say_result("recv", take_once(conn, 4096, MSG_DONTWAIT));
	set_blocking(conn->fd, false);
	turns(conn, TURNS, 500);
	remember_connections_for(USUAL_SECONDS);
}

static void forgotten_server(struct conn *conn)
{
	open_and_be_forgotten(conn);
	meet();
	put(conn, 1000);
	answer_turns(conn, TURNS, 500);
	remember_connections_for(USUAL_SECONDS);
}

static void see_forgotten_close(struct conn *conn)
{
	open_and_be_forgotten(conn);
	say_events("server's close:", wait_for(conn->fd, POLLIN | POLLRDHUP, PATIENCE_MS));
	remember_connections_for(USUAL_SECONDS);
}

static void close_forgotten(struct conn *conn)
{
	open_and_be_forgotten(conn);
	hang_up(conn);
	remember_connections_for(USUAL_SECONDS);
}

const struct probe_case idle[] = { { "keepalive", "keepalive on an idle connection", keep_alive, answer_keep_alive, BOTH_WAYS, .slow = true },
				   { "keepalive-busy", "keepalive on a connection in use", keep_alive_busy, answer_busy, BOTH_WAYS, .slow = true },
				   { "user-timeout", "TCP_USER_TIMEOUT gives up a reader that stands still", user_timeout, stand_still, TO_SERVER,
				     .slow = true },
				   { "user-timeout-in-time", "TCP_USER_TIMEOUT leaves a connection alone whose bytes are read in time",
				     user_timeout_in_time, answer_keep_alive, BOTH_WAYS, .slow = true },
				   { "conntrack-expiry-idle", "connection tracking forgets an idle connection; then the client sends",
				     idle_until_forgotten, idle_until_forgotten, BOTH_WAYS, .alone = true, .slow = true },
				   { "conntrack-expiry", "connection tracking forgets a connection in use; then the server sends over TCP",
				     forgotten_client, forgotten_server, BOTH_WAYS, .alone = true, .slow = true },
				   { "conntrack-expiry-close", "connection tracking forgets a connection in use; then the server closes",
				     see_forgotten_close, close_forgotten, BOTH_WAYS, .alone = true, .slow = true },
				   END_OF_ROWS };
