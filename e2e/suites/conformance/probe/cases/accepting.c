// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How connections are opened: late accepts, deferred accepts, full backlogs, shared ports. */
#define _GNU_SOURCE
#include "../families.h"
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#define MESSAGES 30
/* Turns of a connection that is not too short to be joined. */
#define ANSWERS 5

static void say_count(const char *what, int count)
{
	say("%s %d", what, count);
}

/* Sends before the server has accepted the connection, then takes turns. */
static void send_early(struct conn *conn)
{
	meet();
	teach(-1);
	*conn = connect_new();
	note_start(conn);
	for (int i = 0; i < MESSAGES; i++)
		put(conn, 100);
	meet();
	warm_up(conn);
	put(conn, 1000);
}

static void accept_late(struct conn *conn)
{
	int listener = listen_here(8);

	meet();
	teach(listener);
	meet();
	nap(100);
	*conn = accept_from(listener);
	take(conn, MESSAGES * 100);
	warm_up(conn);
	take(conn, 1000);
}

/* All waves together have fewer messages than make a one-way stream, which would leave the fast path. */
#define WAVES 6
#define WAVE_MESSAGES 10

/* The reader begins to read long after the first bytes came; more bytes come before it has read all. */
static void send_in_waves(struct conn *conn)
{
	meet();
	teach(-1);
	*conn = connect_new();
	note_start(conn);
	for (int wave = 0; wave < WAVES; wave++) {
		for (int i = 0; i < WAVE_MESSAGES; i++)
			put(conn, 100);
		meet();
	}
	warm_up(conn);
	put(conn, 1000);
}

static void read_behind(struct conn *conn)
{
	int listener = listen_here(8);

	meet();
	teach(listener);
	*conn = accept_from(listener);
	for (int wave = 0; wave < WAVES; wave++) {
		meet();
		take(conn, WAVE_MESSAGES * 50);
	}
	take(conn, WAVES * WAVE_MESSAGES * 50);
	warm_up(conn);
	take(conn, 1000);
}

/* With TCP_DEFER_ACCEPT the server gets a connection only with its first data, which came before a scan could see the connection. */
static void deferred_storm(int connections)
{
	meet();
	teach(-1);
	meet();
	for (int i = 0; i < connections; i++) {
		struct conn conn = connect_new();

		note_start(&conn);
		for (int j = 0; j < MESSAGES; j++)
			put(&conn, 1);
		take(&conn, 1);
		turns(&conn, ANSWERS, MESSAGES);
		hang_up(&conn);
	}
	meet();
}

static void answer_storm(int connections)
{
	int listener = listen_here(128), wrong = 0;

	meet();
	teach(listener);
	set_option(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5);
	meet();
	for (int i = 0; i < connections; i++) {
		struct conn conn = accept_from(listener);

		note_start(&conn);
		take(&conn, MESSAGES);
		put(&conn, 1);
		answer_turns(&conn, ANSWERS, MESSAGES);
		wrong += conn.wrong;
		hang_up(&conn);
	}
	say_count("connections with wrong bytes:", wrong);
	meet();
}

static void defer_client(struct conn *conn)
{
	(void)conn;
	deferred_storm(20);
}

static void defer_server(struct conn *conn)
{
	(void)conn;
	answer_storm(20);
}

static void storm_client(struct conn *conn)
{
	(void)conn;
	deferred_storm(1200);
}

static void storm_server(struct conn *conn)
{
	(void)conn;
	answer_storm(1200);
}

#define BACKLOG_CLIENTS 6

static void put_in_crowd(struct conn *conn, size_t length)
{
	while (length) {
		ssize_t n = put_once(conn, length, 0);

		if (n < 0 && errno == ECONNRESET && stage.transparent)
			unsupported("TPROXY rules that divert what is established reset connections the full backlog dropped");
		if (n < 0 && (errno != EAGAIN || !wait_for(conn->fd, POLLOUT, PATIENCE_MS)))
			give_up("send: %s", strerrorname_np(errno));
		length -= n > 0 ? n : 0;
	}
}

/* More clients than the backlog holds; each sends before the accepting end exists. */
static void crowd(struct conn *unused)
{
	struct conn conns[BACKLOG_CLIENTS];

	(void)unused;
	meet();
	teach(-1);
	meet();
	for (int i = 0; i < BACKLOG_CLIENTS; i++) {
		conns[i] = (struct conn){ .fd = open_socket(0) };
		set_blocking(conns[i].fd, false);
		set_option(conns[i].fd, IPPROTO_TCP, TCP_NODELAY, 1);
		connect(conns[i].fd, (struct sockaddr *)&stage.target, sizeof(stage.target));
	}
	nap(200);
	for (int i = 0; i < BACKLOG_CLIENTS; i++)
		if (wait_for(conns[i].fd, POLLOUT, 0) & POLLOUT)
			put_in_crowd(&conns[i], 100);
	meet();
	for (int i = 0; i < BACKLOG_CLIENTS; i++) {
		if (!(wait_for(conns[i].fd, POLLOUT, PATIENCE_MS) & POLLOUT))
			give_up("client %d was never accepted", i);
		put_in_crowd(&conns[i], 300 - conns[i].sent);
	}
	meet();
	for (int i = 0; i < BACKLOG_CLIENTS; i++) {
		put(&conns[i], 1); /* the server learns by this byte which client's turn it is */
		warm_up(&conns[i]);
		put(&conns[i], 1000);
		take(&conns[i], 1);
		hang_up(&conns[i]);
	}
	meet();
}

static void small_backlog(struct conn *unused)
{
	int listener = listen_here(1), wrong = 0;
	struct conn conns[BACKLOG_CLIENTS];
	struct pollfd waiting[BACKLOG_CLIENTS];

	(void)unused;
	meet();
	teach(listener);
	meet();
	meet();
	nap(100);
	for (int i = 0; i < BACKLOG_CLIENTS; i++) {
		conns[i] = accept_from(listener);
		waiting[i] = (struct pollfd){ .fd = conns[i].fd, .events = POLLIN };
	}
	for (int i = 0; i < BACKLOG_CLIENTS; i++)
		take(&conns[i], 300);
	meet();
	for (int left = BACKLOG_CLIENTS, i; left; left--) {
		if (poll(waiting, BACKLOG_CLIENTS, PATIENCE_MS) <= 0)
			give_up("nobody talks");
		for (i = 0; !waiting[i].revents; i++)
			;
		take(&conns[i], 1);
		warm_up(&conns[i]);
		take(&conns[i], 1000);
		put(&conns[i], 1);
		wrong += conns[i].wrong;
		hang_up(&conns[i]);
		waiting[i].fd = -1;
	}
	say_count("connections with wrong bytes:", wrong);
	meet();
}

#define SHARED 20

static void many_connections(struct conn *unused)
{
	(void)unused;
	meet();
	teach(-1);
	for (int i = 0; i < SHARED; i++) {
		struct conn conn = pair_up(-1);

		put(&conn, 1000 + i);
		take(&conn, 1);
		hang_up(&conn);
	}
	meet();
}

static int shared_listener(void)
{
	int fd = open_socket(0);

	set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return listen_on(fd, 8);
}

static int one_that_is_called(struct pollfd listeners[2])
{
	if (poll(listeners, 2, PATIENCE_MS) <= 0)
		give_up("accept: no connection came");
	return listeners[listeners[0].revents ? 0 : 1].fd;
}

static void reuseport(struct conn *unused)
{
	struct pollfd listeners[2] = { { .fd = shared_listener(), .events = POLLIN }, { .fd = shared_listener(), .events = POLLIN } };
	int wrong = 0;

	(void)unused;
	meet();
	teach(one_that_is_called(listeners));
	for (int i = 0; i < SHARED; i++) {
		struct conn conn = pair_up(one_that_is_called(listeners));

		take(&conn, 1000 + i);
		put(&conn, 1);
		wrong += conn.wrong;
		hang_up(&conn);
	}
	say_count("connections with wrong bytes:", wrong);
	meet();
}

const struct probe_case accepting[] = {
	{ "accept-late", "messages sent before the connection is accepted come first", send_early, accept_late, TO_SERVER, .alone = true },
	{ "read-late", "a reader that is always behind gets everything in order", send_in_waves, read_behind, TO_SERVER, .alone = true },
	{ "defer-accept", "TCP_DEFER_ACCEPT: 20 connections, bytes in order", defer_client, defer_server, TO_SERVER, .alone = true },
	{ "defer-accept-storm", "TCP_DEFER_ACCEPT: 1,200 connections, bytes in order", storm_client, storm_server, TO_SERVER, .alone = true,
	  .seconds = 90 },
	{ "backlog-full", "a full backlog: clients that send before their other end exists", crowd, small_backlog, TO_SERVER, .alone = true,
	  .seconds = 60 },
	{ "reuseport", "SO_REUSEPORT: two listeners share 20 connections", many_connections, reuseport, BOTH_WAYS, .alone = true },
	END_OF_ROWS
};
