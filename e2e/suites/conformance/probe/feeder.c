// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The sending side sends exactly what the reading side asks for, when it asks. So the reader under test decides which bytes are there
 * when it reads. */
#include "probe.h"

#define ASLEEP_MS 60
#define SETTLED_MS 30

void feed(struct conn *conn)
{
	long length;

	while ((length = hear()) != 0) {
		if (length < 0)
			nap(ASLEEP_MS);
		put(conn, length < 0 ? -length : length);
		if (length > 0)
			tell(0);
	}
}

void send_now(size_t length)
{
	tell(length);
	hear();
}

void send_soon(size_t length)
{
	tell(-(long)length);
}

void send_no_more(void)
{
	tell(0);
}

void settle(void)
{
	nap(SETTLED_MS);
}

void turns(struct conn *conn, int count, size_t length)
{
	for (int i = 0; i < count; i++) {
		put(conn, length);
		take(conn, length);
	}
}

void answer_turns(struct conn *conn, int count, size_t length)
{
	for (int i = 0; i < count; i++) {
		take(conn, length);
		put(conn, length);
	}
}
