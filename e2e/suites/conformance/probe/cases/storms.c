// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Large loads: threads on both sides, many half-closed connections, more than 4 GiB on one connection. */
#define _GNU_SOURCE
#include "../families.h"
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#define THREADS 8
#define MIB (1024 * 1024L)
#define PART (MIB / 64)

static long storm_connections(void)
{
	return stage.small ? 160 : 800;
}

static size_t random_length(unsigned int *seed, size_t longest)
{
	return 1 + rand_r(seed) % longest;
}

static void run_threads(int count, void *(*work)(void *), void *argument)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, work, argument))
			give_up("thread");
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

static int wrong_connections;

/* Takes some turns of random sizes, then sends the rest of the request and shuts the sending half at once; the answer comes after that. */
static void *half_closing(void *unused)
{
	static unsigned int seeds;
	unsigned int seed = __atomic_add_fetch(&seeds, 1, __ATOMIC_RELAXED);

	(void)unused;
	for (long i = 0; i < storm_connections() / THREADS; i++) {
		struct conn conn = connect_new();
		size_t rest = random_length(&seed, 100000);
		int rounds = random_length(&seed, 30);

		note_start(&conn);
		for (int j = 0; j < rounds; j++) {
			size_t length = random_length(&seed, 3000);
			uint16_t head = length;

			if (send(conn.fd, &head, sizeof(head), 0) != sizeof(head))
				give_up("send: %s", strerrorname_np(errno));
			put(&conn, length);
			take(&conn, length);
		}
		if (send(conn.fd, &(uint16_t){ 0 }, sizeof(uint16_t), 0) != sizeof(uint16_t))
			give_up("send: %s", strerrorname_np(errno));
		put(&conn, rest);
		shutdown(conn.fd, SHUT_WR);
		take(&conn, rest);
		if (wait_for(conn.fd, POLLIN, PATIENCE_MS) == 0 || take_once(&conn, 1, 0) != 0 || conn.wrong)
			__atomic_fetch_add(&wrong_connections, 1, __ATOMIC_RELAXED);
		hang_up(&conn);
	}
	return NULL;
}

static uint16_t head_of(struct conn *conn)
{
	uint16_t head = 0;

	for (size_t have = 0; have < sizeof(head);) {
		ssize_t n = recv(conn->fd, (char *)&head + have, sizeof(head) - have, 0);

		if (n > 0)
			have += n;
		else if (n == 0 || errno != EAGAIN)
			give_up("head: %s", n ? strerrorname_np(errno) : "end of file");
		else if (!wait_for(conn->fd, POLLIN, PATIENCE_MS))
			give_up("no head");
	}
	return head;
}

static void *answering(void *listener)
{
	for (long i = 0; i < storm_connections() / THREADS; i++) {
		struct conn conn = accept_from(*(int *)listener);
		uint16_t length;

		note_start(&conn);
		while ((length = head_of(&conn)) != 0) {
			take(&conn, length);
			put(&conn, length);
		}
		for (ssize_t n; (n = take_once(&conn, 65536, 0)) != 0;)
			if (n < 0 && (errno != EAGAIN || !wait_for(conn.fd, POLLIN, PATIENCE_MS)))
				give_up("rest: %s", strerrorname_np(errno));
		put(&conn, conn.taken - conn.sent);
		if (conn.wrong)
			__atomic_fetch_add(&wrong_connections, 1, __ATOMIC_RELAXED);
		hang_up(&conn);
	}
	return NULL;
}

static void half_close_storm(struct conn *unused)
{
	(void)unused;
	meet();
	teach(-1);
	meet();
	run_threads(THREADS, half_closing, NULL);
	say("connections with wrong bytes: %d", wrong_connections);
	meet();
}

static void answer_half_close_storm(struct conn *unused)
{
	int listener = listen_here(256);

	(void)unused;
	meet();
	teach(listener);
	meet();
	run_threads(THREADS, answering, &listener);
	say("connections with wrong bytes: %d", wrong_connections);
	meet();
}

static long duplex_bytes(void)
{
	return stage.small ? 8 * MIB : 64 * MIB;
}

/* Bytes that a side may be ahead of the other: fewer messages than make a one-way stream, which would leave the fast path. */
#define AHEAD 300000

static uint64_t received;

static void *sending(void *argument)
{
	struct conn *conn = argument;
	uint64_t begin = conn->sent;
	unsigned int seed = 7;

	for (long left = duplex_bytes(); left;) {
		size_t length = random_length(&seed, 20000);

		while (conn->sent - begin > __atomic_load_n(&received, __ATOMIC_RELAXED) + AHEAD)
			nap(1);
		length = (long)length < left ? length : (size_t)left;
		put(conn, length);
		left -= length;
	}
	return NULL;
}

/* On both sides at once, one thread sends and another receives. */
static void duplex(struct conn *conn)
{
	struct conn reader = *conn;
	pthread_t sender;

	if (pthread_create(&sender, NULL, sending, conn))
		give_up("thread");
	for (long left = duplex_bytes(); left; left -= PART) {
		take(&reader, PART);
		__atomic_add_fetch(&received, PART, __ATOMIC_RELAXED);
	}
	pthread_join(sender, NULL);
	conn->taken = reader.taken;
	conn->wrong = reader.wrong;
	if (stage.client)
		turns(conn, 20, 500);
	else
		answer_turns(conn, 20, 500);
	say("wrong bytes: %d", conn->wrong);
}

static long four_gib(void)
{
	return stage.small ? 64 * MIB : 4096 * MIB + 64 * MIB;
}

static void send_much(struct conn *conn)
{
	for (long i = 0; i < four_gib() / 65536; i++) {
		put(conn, 65536);
		take(conn, 1);
	}
}

static void take_much(struct conn *conn)
{
	for (long i = 0; i < four_gib() / 65536; i++) {
		take(conn, 65536);
		put(conn, 1);
	}
	say("wrong bytes: %d", conn->wrong);
}

const struct probe_case storms[] = {
	{ "half-close-storm", "hundreds of connections, eight at a time, half closed with bytes on the way; every byte checked", half_close_storm,
	  answer_half_close_storm, BOTH_WAYS, .alone = true, .seconds = 120 },
	{ "threads-both-ways", "both sides send and receive at once, by two threads each", duplex, duplex, BOTH_WAYS, .seconds = 120 },
	{ "over-4gib", "more than 4 GiB on one connection", send_much, take_much, TO_SERVER, .slow = true, .seconds = 300 },
	END_OF_ROWS
};
