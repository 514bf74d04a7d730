/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the bytes that arrive with their expected values, and reports in words what is wrong with an end. */
#ifndef SOAK_TELL_H
#define SOAK_TELL_H

#include "end.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>

#define LARGEST (1 << 20)

static uint8_t scratch[LARGEST], arrived[LARGEST];

/* The local and the remote port, by which ss(8) can find the socket. */
static void ports_of(const struct end *end, unsigned int ports[2])
{
	struct sockaddr_in6 own = {}, other = {};
	socklen_t own_length = sizeof(own), other_length = sizeof(other);

	getsockname(end->fd, (struct sockaddr *)&own, &own_length);
	getpeername(end->fd, (struct sockaddr *)&other, &other_length);
	/* sin_port and sin6_port are at the same place */
	ports[0] = ntohs(own.sin6_port);
	ports[1] = ntohs(other.sin6_port);
}

/* Reports an end. It peeks instead of asking FIONREAD, because the datapath would remember that this program asks FIONREAD. */
static void tell_end(const struct end *end, const char *what)
{
	ssize_t unread = recv(end->fd, scratch, sizeof(scratch), MSG_PEEK | MSG_DONTWAIT);
	unsigned int ports[2];
	int unsent = -1;

	ports_of(end, ports);
	ioctl(end->fd, SIOCOUTQ, &unsent);
	trouble("%s: connection %lu (%s, %s end): sent %lu of %lu, received %lu of %lu, released %lu, peeked %zd, SIOCOUTQ %d, readable %d, eof %d, "
		"fin %d, edge %d, trust %d, ports %u and %u",
		what, end->connection, way_names[end->plan.way], end->client ? "client" : "server", end->sent, end->total_out, end->received,
		end->total_in, end->allowed, unread, unsent, end->readable, end->eof, end->fin_sent, end->manners.edge_triggered, end->manners.trust,
		ports[0], ports[1]);
}

static void tell_stalled(struct end *end)
{
	unsigned int ports[2];

	tell_end(end, "stalled");
	ports_of(end, ports);
	tell_ports(ports[0], ports[1]);
}

static void tell_wrong(const struct end *end, size_t at, size_t length)
{
	uint64_t stream, position;
	bool known;

	tally.wrong += length - at;
	/* two whole words are needed to identify the stream: wait for them a moment */
	for (int tries = 0; tries < 100 && length - at < 4 * WORD && length < sizeof(arrived); tries++) {
		ssize_t more = recv(end->fd, arrived + length, sizeof(arrived) - length, MSG_DONTWAIT);

		length += more > 0 ? more : 0;
		usleep(1000);
	}
	known = identify(arrived + at, length - at, &stream, &position);
	if (known)
		trouble("wrong byte: connection %lu (%s) %s at %lu: those of connection %lu %s at %lu", end->connection, way_names[end->plan.way],
			end->client ? "down" : "up", end->received + at, stream >> 1, stream & 1 ? "up" : "down", position);
	else
		trouble("wrong byte: connection %lu (%s) %s at %lu: of no stream (%02x %02x %02x %02x)", end->connection, way_names[end->plan.way],
			end->client ? "down" : "up", end->received + at, arrived[at], arrived[at + 1 < length ? at + 1 : at],
			arrived[length - 2 > at ? length - 2 : at], arrived[length - 1]);
}

static bool compare(struct end *end, size_t length)
{
	size_t at = 0;

	if (end->received + length > end->total_in) {
		tell_end(end, "more bytes than were sent");
		tally.wrong += length;
		return false;
	}
	fill(scratch, stream_number(end, !end->client), end->received, length);
	if (memcmp(scratch, arrived, length) == 0)
		return true;
	while (scratch[at] == arrived[at])
		at++;
	tell_wrong(end, at, length);
	return false;
}

/* The outcome that follows from errno. An error is reported unless the connection may be cut. */
static enum outcome failed(struct end *end, const char *doing)
{
	char what[96];

	if (errno == EAGAIN || errno == EINTR)
		return OUTCOME_GOING_ON;
	if (!end->cuttable) {
		snprintf(what, sizeof(what), "%s: %s", doing, strerror(errno));
		tell_end(end, what);
	}
	return OUTCOME_FAILED;
}

#endif
