// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Connections that look alike: the same source port again and at the same time, sequence numbers that wrap around. */
#define _GNU_SOURCE
#include "../families.h"
#include <linux/tcp.h>
#include <poll.h>
#include <unistd.h>

#define CONNECTIONS 20
/* The client's sequence numbers must wrap within this many bytes sent over TCP; one connection in 128 has such numbers. */
#define WRAP_WITHIN (32u << 20)
#define ATTEMPTS 4000
#define ROUNDS 60

static void bind_port(int fd, uint16_t port)
{
	struct sockaddr_storage any = { .ss_family = stage.family };

	if (stage.family == AF_INET)
		((struct sockaddr_in *)&any)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)&any)->sin6_port = htons(port);
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)))
		give_up("bind port %d: %s", port, strerrorname_np(errno));
}

static uint16_t target_port(void)
{
	return ntohs(stage.family == AF_INET ? ((struct sockaddr_in *)&stage.target)->sin_port : ((struct sockaddr_in6 *)&stage.target)->sin6_port);
}

static void set_target_port(uint16_t port)
{
	if (stage.family == AF_INET)
		((struct sockaddr_in *)&stage.target)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)&stage.target)->sin6_port = htons(port);
}

/* Closes without TIME_WAIT, so that the same addresses and ports can be used again at once. */
static void vanish(struct conn *conn)
{
	struct linger at_once = { .l_onoff = 1 };

	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	hang_up(conn);
}

static struct conn connect_from(uint16_t port)
{
	struct conn conn = { .fd = open_socket(0) };

	bind_port(conn.fd, port);
	connect_to_server(conn.fd);
	return conn;
}

static void same_port_again(struct conn *unused)
{
	(void)unused;
	meet();
	teach(-1);
	for (int i = 0; i < CONNECTIONS; i++) {
		struct conn conn = connect_from(target_port() + 10000);

		warm_up(&conn);
		put(&conn, 1000 + i);
		take(&conn, 1000 + i);
		meet();
		vanish(&conn);
		meet();
	}
}

static void serve_one_by_one(struct conn *unused)
{
	int listener = listen_here(8), wrong = 0;

	(void)unused;
	meet();
	teach(listener);
	for (int i = 0; i < CONNECTIONS; i++) {
		struct conn conn = pair_up(listener);

		take(&conn, 1000 + i);
		put(&conn, 1000 + i);
		wrong += conn.wrong;
		meet();
		meet();
		hang_up(&conn);
	}
	say("connections with wrong bytes: %d", wrong);
}

/* Connects from one source port to two destinations. Behind a REDIRECT rule both connections arrive at one listener. */
static void same_port_twice(struct conn *unused)
{
	uint16_t port = target_port();
	struct conn first, second;

	(void)unused;
	meet();
	first = connect_from(port + 10000);
	set_target_port(port + 1);
	second = connect_from(port + 10000);
	set_target_port(port);
	put(&first, 1);
	put(&second, 2);
	warm_up(&first);
	warm_up(&second);
	for (int i = 0; i < CONNECTIONS; i++) {
		put(&first, 700);
		put(&second, 900);
		take(&second, 900);
		take(&first, 700);
	}
	meet();
	hang_up(&first);
	hang_up(&second);
}

/* Accepts both connections in the order in which the client opens them. Behind a REDIRECT rule there is one listener, else two. */
static void serve_two(struct conn *unused)
{
	bool redirected = stage.listen_port != target_port();
	int listeners[2] = { listen_here(8), -1 };
	struct conn conns[2];

	(void)unused;
	if (!redirected) {
		stage.listen_port++;
		listeners[1] = listen_here(8);
	}
	meet();
	for (int i = 0; i < 2; i++)
		conns[i] = accept_from(listeners[redirected ? 0 : i]);
	for (int i = 0; i < 2; i++)
		take(&conns[i], 1 + i);
	for (int i = 0; i < 2; i++)
		warm_up(&conns[i]);
	for (int i = 0; i < CONNECTIONS; i++) {
		take(&conns[0], 700);
		take(&conns[1], 900);
		put(&conns[0], 700);
		put(&conns[1], 900);
	}
	meet();
	for (int i = 0; i < 2; i++)
		hang_up(&conns[i]);
}

static uint32_t next_number(int fd)
{
	uint32_t number;

	set_option(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON);
	set_option(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE);
	number = get_option(fd, IPPROTO_TCP, TCP_QUEUE_SEQ);
	set_option(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_NO_QUEUE);
	set_option(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP);
	return number;
}

/* Opens connections until the sequence numbers of one will wrap soon; the others end at once. Then the reader stands still, so that
 * bytes spill to TCP and move the sequence numbers; turns of request and answer follow, and so on until the numbers have wrapped. */
static void wrap_around(struct conn *conn)
{
	uint32_t start = 0;

	meet();
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		*conn = connect_new();
		start = next_number(conn->fd);
		if (-start < WRAP_WITHIN)
			break;
		tell(0);
		vanish(conn);
	}
	if (conn->fd < 0)
		give_up("no connection is near the wrap-around");
	tell(1);
	warm_up(conn);
	for (int round = 0; round < ROUNDS && next_number(conn->fd) >= start; round++) {
		stuff(conn, STREAM_WINDOW);
		tell(conn->sent);
		turns(conn, CONNECTIONS, 500);
	}
	say("wrapped: %d", next_number(conn->fd) < start);
	tell(0);
	turns(conn, CONNECTIONS, 500);
}

static void wrap_around_server(struct conn *conn)
{
	int listener = listen_here(64);
	long sent;

	meet();
	for (;;) {
		*conn = accept_from(listener);
		if (hear())
			break;
		close(conn->fd);
	}
	warm_up(conn);
	while ((sent = hear()) != 0) {
		take(conn, sent - conn->taken);
		answer_turns(conn, CONNECTIONS, 500);
	}
	answer_turns(conn, CONNECTIONS, 500);
	say("wrong bytes: %d", conn->wrong);
}

const struct probe_case ports[] = { { "source-port-again", "20 connections one after the other with the same four numbers", same_port_again,
				      serve_one_by_one, BOTH_WAYS, .alone = true },
				    { "source-port-twice", "one source port talks to two destinations at a time", same_port_twice, serve_two,
				      BOTH_WAYS, .alone = true },
				    { "sequence-wrap", "sequence numbers wrap around while bytes change ways", wrap_around, wrap_around_server,
				      TO_SERVER, .alone = true, .seconds = 90 },
				    END_OF_ROWS };
