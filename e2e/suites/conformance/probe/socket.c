// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Opens connections between the two sides, warms them up, and closes them. */
#define _GNU_SOURCE
#include "probe.h"
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/fsuid.h>
#include <unistd.h>

/* While the datapath learns, open connections are scanned now and then. Each scan takes a connection that has taken some
 * turns one step nearer to being joined. */
#define ROUND_TURNS 8
#define ROUND_PAUSE_MS 20
#define TURN_BYTES 64
/* Turns after the connection is redirected or refused, so that a case changes a connection in use. After so many turns the datapath
 * checks the socket's options only now and then, and no longer sends every few messages over TCP to let TCP measure the connection. */
#define USED_TURNS 100
/* A connection that is neither redirected nor refused after so long will stay as it is. */
#define WARM_UP_MS 12000

void set_option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		give_up("set socket option %d of level %d: %s", name, level, strerrorname_np(errno));
}

int get_option(int fd, int level, int name)
{
	int value = 0;
	socklen_t length = sizeof(value);

	if (getsockopt(fd, level, name, &value, &length))
		give_up("get socket option %d of level %d: %s", name, level, strerrorname_np(errno));
	return value;
}

void set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

int open_socket(int protocol)
{
	int fd;

	/* Packet filters match the owner of a socket, which is the file system uid at socket(2) (net/netfilter/xt_owner.c). */
	if (stage.client)
		setfsuid(stage.client_uid);
	fd = socket(stage.family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	if (stage.client)
		setfsuid(0);
	if (fd < 0)
		give_up("socket: %s", strerrorname_np(errno));
	return fd;
}

int listen_on(int fd, int backlog)
{
	struct sockaddr_storage any = { .ss_family = stage.family };

	if (stage.family == AF_INET)
		((struct sockaddr_in *)&any)->sin_port = htons(stage.listen_port);
	else
		((struct sockaddr_in6 *)&any)->sin6_port = htons(stage.listen_port);
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (stage.transparent)
		set_option(fd, stage.family == AF_INET ? SOL_IP : SOL_IPV6, stage.family == AF_INET ? IP_TRANSPARENT : IPV6_TRANSPARENT, 1);
	set_blocking(fd, false);
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, backlog))
		give_up("listen on port %d: %s", stage.listen_port, strerrorname_np(errno));
	return fd;
}

int listen_here(int backlog)
{
	return listen_on(open_socket(0), backlog);
}

void connect_to_server(int fd)
{
	int error;

	set_blocking(fd, false);
	if (connect(fd, (struct sockaddr *)&stage.target, sizeof(stage.target)) && errno != EINPROGRESS)
		give_up("connect: %s", strerrorname_np(errno));
	if (!wait_for(fd, POLLOUT, PATIENCE_MS))
		give_up("connect: no answer");
	error = get_option(fd, SOL_SOCKET, SO_ERROR);
	if (error)
		give_up("connect: %s", strerrorname_np(error));
	set_option(fd, SOL_TCP, TCP_NODELAY, 1);
}

struct conn connect_new(void)
{
	struct conn conn = { .fd = open_socket(0) };

	connect_to_server(conn.fd);
	return conn;
}

struct conn accept_from(int listener)
{
	struct conn conn = { .fd = -1 };

	do { /* another thread may have accepted the connection already */
		if (!wait_for(listener, POLLIN, PATIENCE_MS))
			give_up("accept: no connection came");
		conn.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	} while (conn.fd < 0 && errno == EAGAIN);
	if (conn.fd < 0)
		give_up("accept: %s", strerrorname_np(errno));
	set_option(conn.fd, SOL_TCP, TCP_NODELAY, 1);
	return conn;
}

static void take_turns(struct conn *conn, int count)
{
	if (stage.client)
		turns(conn, count, TURN_BYTES);
	else
		answer_turns(conn, count, TURN_BYTES);
}

static bool both_decided(const struct conn *conn)
{
	bool own = progress(conn) == DECIDED;

	tell(own);
	return hear() && own;
}

void warm_up(struct conn *conn)
{
	long deadline = now_ms() + WARM_UP_MS;
	bool late;

	note_start(conn);
	do {
		take_turns(conn, ROUND_TURNS);
		if (both_decided(conn))
			break;
		nap(ROUND_PAUSE_MS);
		late = now_ms() > deadline;
		tell(late);
		late |= hear();
	} while (!late);
	take_turns(conn, USED_TURNS);
	note_start(conn);
}

void teach(int listener)
{
	struct conn conn = stage.client ? connect_new() : accept_from(listener);

	warm_up(&conn);
	meet();
	close(conn.fd);
}

void open_cold(struct conn *conn)
{
	int listener = stage.client ? -1 : listen_here(8);

	meet();
	teach(listener);
	*conn = stage.client ? connect_new() : accept_from(listener);
	note_start(conn);
}

struct conn pair_up(int listener)
{
	struct conn conn = stage.client ? connect_new() : accept_from(listener);

	warm_up(&conn);
	return conn;
}

void hang_up(struct conn *conn)
{
	note_speed(conn);
	close(conn->fd);
	conn->fd = -1;
}
