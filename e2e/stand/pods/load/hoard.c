/* Connections of one program to itself whose two ends stop reading: what does the node hold then?
 *   hoard ADDRESS CONNECTIONS BYTES EVERY MOST
 * Talks for TURNS turns a connection. Then a slice sends messages of BYTES from the connecting end, after each EVERY messages (0: never) one
 * byte from the accepting end, and reads none of them, until nothing more is taken or MOST bytes of a connection were. It prints
 * {"bytes", "messages", "memoryBytes", "slabBytes", "connections"}: what the kernel took, and the growth of its TCP memory (/proc/net/sockstat) and of
 * the slabs that it cannot take back (SUnreclaim of /proc/meminfo). It stops by itself when those two have grown by LIMIT_BYTES. */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNS 32
#define LIMIT_BYTES 1.2e9
/* Sent to one connection before it is another's turn. */
#define ROUND 64

struct plan {
	int connections;
	size_t bytes;
	unsigned int every;
	double most;
};

struct pair {
	int connecting;
	int accepting;
	size_t rest;	/* of the message that was taken in part */
	double taken;
	unsigned int messages;
};

static struct pair pairs[MAX_SOCKETS / 2];

static double slab_bytes(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	double kib = -1;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "SUnreclaim: %lf kB", &kib);
	if (kib < 0)
		fail("read /proc/meminfo");
	fclose(file);
	return kib * 1024;
}

static bool send_some(int fd, size_t bytes, ssize_t *wrote)
{
	*wrote = send(fd, message, bytes, MSG_NOSIGNAL);
	if (*wrote < 0 && errno != EAGAIN)
		fail("send to a stalled reader");
	return *wrote > 0;
}

/* Bytes taken until the socket is full, has had its share, or it is another's turn. */
static double fill(struct pair *pair, const struct plan *plan)
{
	double before = pair->taken;
	ssize_t wrote;

	for (int n = 0; n < ROUND && pair->taken < plan->most; n++) {
		if (!send_some(pair->connecting, pair->rest, &wrote))
			break;
		pair->taken += wrote;
		if ((size_t)wrote < pair->rest) {
			pair->rest -= wrote;
			continue;
		}
		pair->rest = plan->bytes;
		if (++pair->messages % (plan->every ? plan->every : ~0U) == 0)
			send_some(pair->accepting, 1, &wrote);
	}
	return pair->taken - before;
}

static double messages_of(const struct plan *plan)
{
	double all = 0;

	for (int i = 0; i < plan->connections; i++)
		all += pairs[i].messages;
	return all;
}

static void slice(double seconds, void *context)
{
	const struct plan *plan = context;
	double memory = tcp_memory_bytes(), slab = slab_bytes(), before = messages_of(plan), taken = 0, progress = seconds_now();

	(void)seconds;	/* it takes as long as it takes */
	while (seconds_now() - progress < BLOCKED_SECONDS) {
		double round = 0;

		for (int i = 0; i < plan->connections; i++)
			round += fill(&pairs[i], plan);
		taken += round;
		if (round > 0)
			progress = seconds_now();
		else
			usleep(10000);
		if (tcp_memory_bytes() - memory + slab_bytes() - slab > LIMIT_BYTES)
			break;
	}
	printf("{\"bytes\":%.0f,\"messages\":%.0f,\"memoryBytes\":%.0f,\"slabBytes\":%.0f,\"connections\":%d}\n", taken,
	       messages_of(plan) - before, tcp_memory_bytes() - memory, slab_bytes() - slab, plan->connections);
}

static void talk(const struct pair *pair, size_t bytes)
{
	for (int turn = 0; turn < TURNS; turn++)
		if (!write_all(pair->connecting, bytes) || !read_all(pair->accepting, bytes) || !write_all(pair->accepting, 1) ||
		    !read_all(pair->connecting, 1))
			fail("a turn: the connection has ended");
}

void hoard(char **words)
{
	struct plan plan = { .connections = number(words[1]), .bytes = number(words[2]), .every = number(words[3]), .most = number(words[4]) };
	int listener = listen_at(words[0]);

	for (int i = 0; i < plan.connections; i++) {
		pairs[i].connecting = connect_to(words[0]);
		await(listener, POLLIN);
		pairs[i].accepting = accept_from(listener);
		pairs[i].rest = plan.bytes;
		talk(&pairs[i], plan.bytes);
	}
	run_slices(slice, &plan);
}
