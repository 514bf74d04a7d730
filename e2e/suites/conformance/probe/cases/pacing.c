// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A sender that limits its rate by SO_MAX_PACING_RATE, as media servers and rate limiters do. */
#define _GNU_SOURCE
#include "../families.h"

#define BYTES_A_SECOND 1000000

static long paced_bytes(void)
{
	return stage.small ? 2000000 : 3000000;
}

static void ask_pace(struct conn *conn)
{
	if (stage.client)
		set_option(conn->fd, SOL_SOCKET, SO_MAX_PACING_RATE, BYTES_A_SECOND);
}

static void send_paced(struct conn *conn)
{
	long start = now_ms();

	put(conn, paced_bytes());
	take(conn, 1);
	say("%s", timing(now_ms() - start, paced_bytes() * 1000 / BYTES_A_SECOND));
	say("rate %d", get_option(conn->fd, SOL_SOCKET, SO_MAX_PACING_RATE));
}

static void send_paced_later(struct conn *conn)
{
	ask_pace(conn);
	send_paced(conn);
}

static void take_paced(struct conn *conn)
{
	take(conn, paced_bytes());
	put(conn, 1);
}

const struct probe_case pacing[] = { { "pacing", "SO_MAX_PACING_RATE: bytes take the time they are meant to", send_paced, take_paced, TO_SERVER,
				       ask_pace },
				     { "pacing-later", "SO_MAX_PACING_RATE, set on a connection in use", send_paced_later, take_paced, TO_SERVER },
				     END_OF_ROWS };
