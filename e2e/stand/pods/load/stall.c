/* Readers that stop reading on an open connection: measures how much memory the node then holds.
 *   stall ADDRESS CONNECTIONS BYTES TURNS MOST
 * Talks for TURNS turns, after which the server reads no more. A slice writes until nothing more is taken, or MOST bytes
 * of a connection were; it prints {"bytes", "memoryBytes", "connections"}: what the kernel took from the sender, and the growth of its TCP memory
 * (/proc/net/sockstat: redirected bytes are charged there as well, net/ipv4/tcp_bpf.c bpf_tcp_ingress()). */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct plan {
	int connections;
	size_t bytes;
	double most;
};

static int sockets[MAX_SOCKETS];
static size_t rest[MAX_SOCKETS]; /* bytes not yet sent of a message that the socket took in part */
static double taken_of[MAX_SOCKETS];

/* Sends until the socket is full or has taken its share. Returns how many bytes the socket took. */
static double fill(int i, const struct plan *plan)
{
	double before = taken_of[i];

	while (taken_of[i] < plan->most) {
		ssize_t wrote = send(sockets[i], message, rest[i], MSG_NOSIGNAL);

		if (wrote < 0 && errno != EAGAIN)
			fail("send to a stalled reader");
		if (wrote <= 0)
			break;
		taken_of[i] += wrote;
		rest[i] = (size_t)wrote == rest[i] ? plan->bytes : rest[i] - wrote;
	}
	return taken_of[i] - before;
}

static double fill_all(const struct plan *plan)
{
	double taken = 0, progress = seconds_now();

	while (seconds_now() - progress < BLOCKED_SECONDS) {
		double before = taken;

		for (int i = 0; i < plan->connections; i++)
			taken += fill(i, plan);
		if (taken > before)
			progress = seconds_now();
		else
			usleep(10000);
	}
	return taken;
}

static void slice(double seconds, void *context)
{
	const struct plan *plan = context;
	double memory = tcp_memory_bytes(), taken = fill_all(plan);

	(void)seconds; /* a slice ends when nothing more is taken, not after a time */
	printf("{\"bytes\":%.0f,\"memoryBytes\":%.0f,\"connections\":%d}\n", taken, tcp_memory_bytes() - memory, plan->connections);
}

void stall(char **words)
{
	struct plan plan = { .connections = number(words[1]), .bytes = number(words[2]), .most = number(words[4]) };
	int turns = number(words[3]);

	for (int i = 0; i < plan.connections; i++) {
		sockets[i] = connect_to(words[0]);
		rest[i] = plan.bytes;
		for (int turn = 0; turn < turns; turn++)
			if (!write_all(sockets[i], plan.bytes) || !read_all(sockets[i], plan.bytes))
				fail("a turn: the connection has ended");
	}
	run_slices(slice, &plan);
}
