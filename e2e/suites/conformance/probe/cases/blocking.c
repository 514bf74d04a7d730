// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Connections whose sockets are blocking from the beginning. */
#define _GNU_SOURCE
#include "blocking.h"
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>

struct conn open_blocking(void)
{
	int listener = stage.client ? -1 : listen_here(8);
	struct conn conn = { .fd = -1 };

	meet();
	teach(listener);
	if (stage.client) {
		conn.fd = open_socket(0);
		if (connect(conn.fd, (struct sockaddr *)&stage.target, sizeof(stage.target)))
			give_up("connect: %s", strerrorname_np(errno));
	} else {
		if (!wait_for(listener, POLLIN, PATIENCE_MS))
			give_up("accept: nobody came");
		conn.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	}
	set_option(conn.fd, SOL_TCP, TCP_NODELAY, 1);
	note_start(&conn);
	return conn;
}

void take_turns(struct conn *conn)
{
	if (stage.client)
		turns(conn, TURNS, LENGTH);
	else
		answer_turns(conn, TURNS, LENGTH);
}
