/* SPDX-License-Identifier: Apache-2.0 */
/* One end of a connection: sends what its plan releases, compares what arrives, and knows when all is done. */
#ifndef SOAK_END_H
#define SOAK_END_H

#include "plan.h"
#include "tally.h"
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGEST (1 << 20)
#define MAGIC 0x5ca5ca5ca5ca50a1ULL

/* The client's first bytes. `place` is the server that the client means to reach. */
struct greeting {
	uint64_t magic, connection, salt;
	uint32_t place;
	uint16_t cuttable, proxied;
};

/* Rounds of one kind in a row before it is believed. */
#define ROUNDS_TO_BELIEVE 8

/* Which way this end's rounds go, as TCP's own count of acknowledged bytes tells. */
struct path {
	uint64_t acked;
	uint32_t rounds;	/* so many in a row went the way of the last one */
	bool fast, was_fast, went_back;
};

enum outcome { OUTCOME_GOING_ON, OUTCOME_FINISHED, OUTCOME_FAILED };

struct end {
	int fd;
	bool client, cuttable, greeted;
	bool readable, writable, eof, fin_sent, napped, stalled;
	uint32_t interest, released;
	uint64_t connection, draws;
	struct plan plan;
	struct manners manners;
	/* bytes of the greeting so far; of the stream: sent, released for sending, of all rounds; the same the other way */
	uint64_t greeting_bytes, sent, allowed, total_out, received, due, total_in;
	uint64_t moved_ms, nap_until_ms;
	struct path path;
	struct greeting greeting;
	struct end *next_open, **link_open, *next_ready;
	bool in_ready;
};

static uint8_t scratch[LARGEST], arrived[LARGEST];

static uint64_t stream_number(const struct end *end, bool up)
{
	return end->connection << 1 | up;
}

/* Everything that follows from the connection's number. */
static void plan_end(struct end *end)
{
	end->connection = end->greeting.connection;
	end->cuttable = end->greeting.cuttable;
	end->plan = plan_of(end->connection, end->greeting.salt);
	end->manners = manners_of(&end->plan, end->client);
	/* Envoy closes a connection at once when it has passed on the server's FIN and read the client's, with whatever it
	 * still holds of what the client sent: on TCP alone too (proxied.e2e.ts). */
	if (end->greeting.proxied && !end->client)
		end->manners.half_closes_early = false;
	for (uint32_t round = 0; round < end->plan.rounds; round++) {
		end->total_out += round_bytes(&end->plan, round, end->client);
		end->total_in += round_bytes(&end->plan, round, !end->client);
	}
}

/* Called once a round, when all that was sent before has been answered. */
static void note_path(struct end *end)
{
	struct path *path = &end->path;
	struct tcp_info info = {};
	socklen_t length = sizeof(info);
	bool fast;

	if (getsockopt(end->fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		return;
	fast = info.tcpi_bytes_acked == path->acked;
	path->acked = info.tcpi_bytes_acked;
	path->rounds = fast == path->fast ? path->rounds + 1 : 1;
	path->fast = fast;
	if (path->rounds != ROUNDS_TO_BELIEVE)
		return;
	if (fast && path->went_back)
		tally.returned++;
	path->went_back = !fast && path->was_fast;
	path->was_fast |= fast;
}

/* In turns the client waits for the answers of earlier rounds, the server for this round's request too. */
static void release_rounds(struct end *end)
{
	bool waits = end->plan.way < WAY_UP;

	while (end->released < end->plan.rounds) {
		uint64_t asked = round_bytes(&end->plan, end->released, !end->client);
		uint64_t needed = end->client ? end->due : end->due + asked;

		if (waits && end->received < needed)
			return;
		if (end->plan.way == WAY_CHAT || end->plan.way == WAY_MOODS)
			note_path(end);
		end->due += asked;
		end->allowed += round_bytes(&end->plan, end->released, end->client);
		end->released++;
	}
}

static bool wants_to_write(const struct end *end)
{
	return end->greeted ? end->sent < end->allowed : end->client;
}

static void tell_end(const struct end *end, const char *what)
{
	int unread = -1, unsent = -1;

	ioctl(end->fd, FIONREAD, &unread);
	ioctl(end->fd, SIOCOUTQ, &unsent);
	trouble("%s: connection %lu (%s, %s end): sent %lu of %lu, received %lu of %lu, released %lu, FIONREAD %d, SIOCOUTQ %d, readable %d, eof %d, fin %d, edge %d",
		what, end->connection, way_names[end->plan.way], end->client ? "client" : "server", end->sent, end->total_out,
		end->received, end->total_in, end->allowed, unread, unsent, end->readable, end->eof, end->fin_sent,
		end->manners.edge_triggered);
}

/* Its ports tell whoever looks at the socket from outside which one it is. */
static void tell_stalled(struct end *end)
{
	struct sockaddr_in6 own = {}, other = {};
	socklen_t own_length = sizeof(own), other_length = sizeof(other);

	end->stalled = true;
	tally.stalled++;
	tell_end(end, "stalled");
	getsockname(end->fd, (struct sockaddr *)&own, &own_length);
	getpeername(end->fd, (struct sockaddr *)&other, &other_length);
	/* sin_port and sin6_port are at the same place */
	tell_ports(ntohs(own.sin6_port), ntohs(other.sin6_port));
}

static void tell_wrong(const struct end *end, size_t at, size_t length)
{
	uint64_t stream, position;
	bool known;

	tally.wrong += length - at;
	/* two whole words are needed to tell whose bytes these are: wait for them a moment */
	for (int tries = 0; tries < 100 && length - at < 4 * WORD && length < sizeof(arrived); tries++) {
		ssize_t more = recv(end->fd, arrived + length, sizeof(arrived) - length, MSG_DONTWAIT);

		length += more > 0 ? more : 0;
		usleep(1000);
	}
	known = identify(arrived + at, length - at, &stream, &position);
	if (known)
		trouble("wrong byte: connection %lu (%s) %s at %lu: those of connection %lu %s at %lu", end->connection,
			way_names[end->plan.way], end->client ? "down" : "up", end->received + at, stream >> 1,
			stream & 1 ? "up" : "down", position);
	else
		trouble("wrong byte: connection %lu (%s) %s at %lu: nobody's (%02x %02x %02x %02x)", end->connection,
			way_names[end->plan.way], end->client ? "down" : "up", end->received + at, arrived[at],
			arrived[at + 1 < length ? at + 1 : at], arrived[length - 2 > at ? length - 2 : at], arrived[length - 1]);
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

/* A connection that can fail now and then: the error of the socket as the outcome. */
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

/* One read; going on also when there is nothing to read. */
static enum outcome read_some(struct end *end, uint64_t now_ms)
{
	size_t most = draw_piece(end->plan.seed, 1000 + end->draws++, end->manners.read_bits);
	ssize_t got = recv(end->fd, arrived, most, MSG_DONTWAIT);

	if (got < 0) {
		end->readable = errno != EAGAIN && end->readable;
		return failed(end, "reading");
	}
	end->moved_ms = now_ms;
	if (got == 0) {
		end->eof = true;
		if (end->received == end->total_in)
			return OUTCOME_GOING_ON;
		if (!end->cuttable)
			tell_end(end, "bytes are missing at the end of file");
		return OUTCOME_FAILED;
	}
	if (!compare(end, got))
		return OUTCOME_FAILED;
	end->received += got;
	tally.received += got;
	if (end->manners.naps_at && !end->napped && end->received >= end->manners.naps_at) {
		end->napped = true;
		end->nap_until_ms = now_ms + end->manners.nap_ms;
	}
	release_rounds(end);
	return OUTCOME_GOING_ON;
}

static enum outcome write_some(struct end *end, uint64_t now_ms)
{
	uint64_t length = draw_piece(end->plan.seed, 2000 + end->draws++, end->manners.write_bits);
	ssize_t put;

	if (length > end->allowed - end->sent)
		length = end->allowed - end->sent;
	fill(scratch, stream_number(end, end->client), end->sent, length);
	put = send(end->fd, scratch, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (put < 0) {
		end->writable = errno != EAGAIN && end->writable;
		return failed(end, "writing");
	}
	end->moved_ms = now_ms;
	end->sent += put;
	tally.sent += put;
	return OUTCOME_GOING_ON;
}

static void send_fin(struct end *end)
{
	if (end->fin_sent || !end->greeted || end->sent < end->total_out)
		return;
	if (!end->manners.half_closes_early && end->received < end->total_in)
		return;
	shutdown(end->fd, SHUT_WR);
	end->fin_sent = true;
}

#endif
