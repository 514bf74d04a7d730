/* SPDX-License-Identifier: Apache-2.0 */
/* One end of a connection: what it has to send and to receive, and when. */
#ifndef SOAK_END_H
#define SOAK_END_H

#include "board.h"
#include "plan.h"
#include "tally.h"
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define MAGIC 0x5ca5ca5ca5ca50a1ULL

/* The first bytes that the client sends. `place` is the number of the server that the client wants to reach. */
struct greeting {
	uint64_t magic, connection, salt;
	uint32_t place, slot;
	uint16_t cuttable, proxied;
	uint32_t pad;
};

/* After so many rounds in a row over the fast path, or over TCP, the end counts as being on that path. */
#define ROUNDS_TO_BELIEVE 8

/* Whether this end's rounds go over the fast path or over TCP, by TCP's own count of acknowledged bytes. */
struct path {
	uint64_t acked;
	uint32_t rounds; /* so many in a row took the same path as the last one */
	bool fast, was_fast, went_back;
};

enum outcome { OUTCOME_GOING_ON, OUTCOME_FINISHED, OUTCOME_FAILED };

struct end {
	int fd;
	bool client, cuttable, greeted;
	bool readable, writable, eof, fin_sent, napped, stalled;
	bool hung_up; /* EPOLLRDHUP was reported */
	bool woken;   /* an event has come since the last read */
	bool asleep;  /* with redirected bytes unread; counted on the board */
	bool emptied; /* the last read left nothing unread; TCP had received `tcp_received` bytes by then */
	uint32_t interest, released, slot;
	uint64_t connection, draws;
	struct plan plan;
	struct manners manners;
	/* Bytes of the greeting so far. Bytes of the outgoing stream: sent, released for sending, of all rounds. The same of the incoming stream. */
	uint64_t greeting_bytes, sent, allowed, total_out, received, due, total_in;
	uint64_t settled; /* incoming bytes of the rounds whose answers the client must have before it sends more */
	uint64_t tcp_received;
	uint64_t moved_ms, nap_until_ms, nap_latest_ms;
	struct path path;
	struct greeting greeting;
	struct end *next_open, **link_open, *next_ready;
	bool in_ready;
};

static uint64_t stream_number(const struct end *end, bool up)
{
	return end->connection << 1 | up;
}

/* Sets everything that follows from the connection's number. */
static void plan_end(struct end *end)
{
	end->connection = end->greeting.connection;
	end->cuttable = end->greeting.cuttable;
	end->slot = end->greeting.slot;
	end->plan = plan_of(end->connection, end->greeting.salt);
	end->manners = manners_of(&end->plan, end->client);
	/* When Envoy has passed on the server's FIN and read the client's, it closes the connection at once, and drops the client's bytes
	 * that it still holds; on plain TCP too (proxied.e2e.ts). */
	if (end->greeting.proxied && !end->client)
		end->manners.half_closes_early = false;
	for (uint32_t round = 0; round < end->plan.rounds; round++) {
		end->total_out += round_bytes(&end->plan, round, end->client);
		end->total_in += round_bytes(&end->plan, round, !end->client);
	}
}

/* Called once a round, when all bytes sent before have been answered. */
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

/* Releases rounds for sending. When the two ends take turns, the client waits for the answers of all earlier rounds except the latest
 * `depth` - 1, and the server also waits for this round's request. */
static void release_rounds(struct end *end)
{
	bool waits = end->plan.way < WAY_UP;

	while (end->released < end->plan.rounds) {
		uint64_t asked = round_bytes(&end->plan, end->released, !end->client);
		uint64_t needed = end->client ? end->settled : end->due + asked;

		if (waits && end->received < needed)
			return;
		if (end->plan.way == WAY_CHAT || end->plan.way == WAY_MOODS)
			note_path(end);
		end->due += asked;
		end->allowed += round_bytes(&end->plan, end->released, end->client);
		end->released++;
		if (end->released >= end->plan.depth)
			end->settled += round_bytes(&end->plan, end->released - end->plan.depth, !end->client);
	}
}

static bool wants_to_write(const struct end *end)
{
	return end->greeted ? end->sent < end->allowed : end->client;
}

#endif
