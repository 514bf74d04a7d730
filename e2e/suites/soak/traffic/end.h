/* SPDX-License-Identifier: Apache-2.0 */
/* One end of a connection: what it is to send and to receive, and when. */
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

/* The client's first bytes. `place` is the server that the client means to reach. */
struct greeting {
	uint64_t magic, connection, salt;
	uint32_t place, slot;
	uint16_t cuttable, proxied;
	uint32_t pad;
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
	bool hung_up;		/* EPOLLRDHUP has been */
	bool woken;		/* by an event since the last read */
	bool asleep;		/* over redirected bytes, as the board shows */
	bool emptied;		/* the last read left nothing, when TCP had received `tcp_received` bytes */
	uint32_t interest, released, slot;
	uint64_t connection, draws;
	struct plan plan;
	struct manners manners;
	/* bytes of the greeting so far; of the stream: sent, released for sending, of all rounds; the same the other way */
	uint64_t greeting_bytes, sent, allowed, total_out, received, due, total_in;
	uint64_t settled;	/* of the other way: of rounds so old that the client waits for their answers */
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

/* Everything that follows from the connection's number. */
static void plan_end(struct end *end)
{
	end->connection = end->greeting.connection;
	end->cuttable = end->greeting.cuttable;
	end->slot = end->greeting.slot;
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

/* In turns the client waits for the answers of earlier rounds, all but the latest `depth` - 1, the server for this round's
 * request too. */
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
