/* SPDX-License-Identifier: Apache-2.0 */
/* What happens on one connection. It follows from the connection's number and the seed, so that both ends know it and a run can be repeated.
 *
 * A connection has a number of rounds. In each round the client and the server send some bytes. When they take turns, each waits
 * for the other; otherwise both send as fast as they can. */
#ifndef SOAK_PLAN_H
#define SOAK_PLAN_H

#include "pattern.h"

#define LONG_MOOD_BITS 19

enum way {
	WAY_TURNS,     /* request and answer */
	WAY_BURSTS,    /* many small writes, then many of the peer */
	WAY_CHAT,      /* many short turns */
	WAY_MOODS,     /* many short turns, with a long one-way stream in small pieces now and then */
	WAY_PIPELINED, /* requests go out before earlier ones are answered */
	WAY_UP,	       /* one-way stream from the client */
	WAY_DOWN,      /* one-way stream from the server */
	WAY_DUPLEX,    /* streams in both directions at once */
	WAY_COUNT,
};

static const char *const way_names[WAY_COUNT] = { "turns", "bursts", "chat", "moods", "pipelined", "up", "down", "duplex" };

struct plan {
	uint64_t seed;
	enum way way;
	uint32_t rounds;
	/* Bounds as powers of two. */
	uint8_t up_bits, down_bits;
	uint8_t depth; /* how many rounds the client may send before their answers come */
};

/* When an edge-triggered reader takes its socket for empty until the next edge. */
enum trust {
	TRUST_EAGAIN,	   /* when there is nothing to read */
	TRUST_SHORT,	   /* when a read was shorter than its buffer, and more must come (epoll(7), Q9) */
	TRUST_SHORT_RDHUP, /* when a read was shorter than its buffer, and EPOLLRDHUP was not reported: tokio, nginx */
	TRUST_COUNT,
};

/* How one connection end reads and writes; the program at the other end does not know it. */
struct manners {
	uint8_t write_bits, read_bits; /* the longest single write and read, as powers of two */
	bool edge_triggered;
	enum trust trust;
	bool no_delay;
	bool blocking_file;	/* a client that clears O_NONBLOCK when it is connected, but calls with MSG_DONTWAIT */
	bool half_closes_early; /* sends its FIN after its last byte; otherwise when it has also received everything */
	uint64_t naps_at;	/* stops reading for a while at this position; 0 never */
	uint32_t nap_ms;
	uint32_t busy_one_in; /* after one in so many wake-ups the program is busy for up to BUSY_MS before it reads; 0 never */
};

#define BUSY_MS 100

static inline uint64_t draw(uint64_t seed, uint64_t what)
{
	return scramble(seed + what * 0x9e3779b97f4a7c15ULL);
}

/* 1 … 2^bits, all orders of magnitude equally likely. */
static inline uint64_t draw_size(uint64_t seed, uint64_t what, unsigned int bits)
{
	uint64_t random = draw(seed, what);

	return 1 + ((random >> 8) & ((1ULL << (random % (bits + 1))) - 1));
}

/* The length of one read or write: mostly the longest, so that most bytes do not go in the shortest pieces. */
static inline uint64_t draw_piece(uint64_t seed, uint64_t what, unsigned int bits)
{
	return draw(seed, what) % 4 ? 1ULL << bits : draw_size(seed, ~what, bits);
}

/* Draws ways that take long less often: otherwise nearly all open connections would soon be of these ways. */
static enum way draw_way(unsigned int random)
{
	static const unsigned int weights[WAY_COUNT] = { 16, 12, 2, 2, 8, 8, 8, 8 };
	enum way way = 0;

	while (random >= weights[way])
		random -= weights[way++];
	return way;
}

static struct plan plan_of(uint64_t connection, uint64_t salt)
{
	struct plan plan = { .seed = draw(salt, connection), .depth = 1 };

	plan.way = draw_way(draw(plan.seed, 1) % 64);
	switch (plan.way) {
	case WAY_TURNS:
		plan.rounds = draw_size(plan.seed, 2, 8);
		plan.up_bits = 10 + draw(plan.seed, 3) % 10;
		plan.down_bits = 10 + draw(plan.seed, 4) % 10;
		break;
	case WAY_BURSTS:
		plan.rounds = draw_size(plan.seed, 2, 6);
		plan.up_bits = plan.down_bits = 15;
		break;
	case WAY_CHAT:
	case WAY_MOODS:
		plan.rounds = 512 + draw(plan.seed, 2) % 2048;
		plan.up_bits = plan.down_bits = 4 + draw(plan.seed, 3) % 9;
		break;
	case WAY_PIPELINED:
		plan.rounds = draw_size(plan.seed, 2, 8);
		plan.up_bits = 4 + draw(plan.seed, 3) % 12;
		plan.down_bits = 4 + draw(plan.seed, 4) % 12;
		plan.depth = 2 + draw(plan.seed, 5) % 7;
		break;
	default: /* a single long round */
		plan.rounds = 1;
		plan.up_bits = plan.way == WAY_DOWN ? 0 : 16 + draw(plan.seed, 3) % 11;
		plan.down_bits = plan.way == WAY_UP ? 0 : 16 + draw(plan.seed, 4) % 11;
	}
	return plan;
}

/* Bytes that an end sends in a round; 0 in the silent direction of a one-way connection. */
static uint64_t round_bytes(const struct plan *plan, uint32_t round, bool up)
{
	unsigned int bits = up ? plan->up_bits : plan->down_bits;

	if (bits == 0)
		return 0;
	if (plan->way == WAY_MOODS && draw(plan->seed, 8 * 4096 + round) % 64 == 0)
		return up == round % 2 ? 1 << LONG_MOOD_BITS : 1;
	if (plan->way >= WAY_UP)
		return (1ULL << bits) - draw_size(plan->seed, up, bits - 1);
	return draw_size(plan->seed, 16 + 2 * round + up, bits);
}

static struct manners manners_of(const struct plan *plan, bool up)
{
	uint64_t seed = draw(plan->seed, 8 + up);
	struct manners m = {
		.write_bits = draw(seed, 1) % 20,
		.read_bits = draw(seed, 2) % 8 ? 14 + draw(seed, 3) % 5 : draw(seed, 3) % 14,
		.edge_triggered = draw(seed, 4) % 4 > 0,
		.trust = draw(seed, 11) % TRUST_COUNT,
		.no_delay = draw(seed, 5) % 2,
		.blocking_file = draw(seed, 10) % 8 == 0,
		.half_closes_early = draw(seed, 6) % 2,
	};
	unsigned int most = plan->up_bits > plan->down_bits ? plan->up_bits : plan->down_bits;

	if (plan->way == WAY_BURSTS)
		m.write_bits = draw(seed, 1) % 12;
	if (plan->way == WAY_MOODS) {
		most = LONG_MOOD_BITS;
		m.write_bits = 6 + draw(seed, 1) % 6;
	}
	if (plan->rounds > 32)
		m.no_delay = true; /* Nagle's algorithm and delayed ACKs make a turn 40 ms */
	/* a long stream in tiny pieces would take too long */
	if (plan->way >= WAY_UP && m.write_bits + 9 < most)
		m.write_bits = most - 9;
	if (m.read_bits + 9 < most)
		m.read_bits = most - 9;
	if (draw(seed, 12) % 4 == 0)
		m.busy_one_in = plan->way == WAY_BURSTS || plan->way == WAY_PIPELINED ? 2 : 16;
	if (draw(seed, 7) % 8 == 0) {
		m.naps_at = draw_size(seed, 8, 22);
		m.nap_ms = draw_size(seed, 9, 8);
	}
	return m;
}

#endif
