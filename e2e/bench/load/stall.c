/* Readers that stop reading in the middle of a conversation: what does the node hold then?
 *   stall ADDRESS CONNECTIONS BYTES TURNS
 * Talks for TURNS turns, after which the server reads no more, and then writes until nothing more is taken. Prints
 * {"bytes", "memoryBytes", "connections"}: what the kernel took from the sender, and the growth of its TCP memory
 * (/proc/net/sockstat: redirected bytes are charged there as well, net/ipv4/tcp_bpf.c bpf_tcp_ingress()). */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Blocked is who has got rid of nothing for so long; the kernel's window probes begin at 0.2 s. */
#define BLOCKED_SECONDS 0.5

static int sockets[MAX_SOCKETS];
static size_t rest[MAX_SOCKETS];	/* of the message that was taken in part */

static double tcp_memory_bytes(void)
{
	FILE *file = fopen("/proc/net/sockstat", "r");
	long inuse, orphan, waiting, allocated, pages = -1;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "TCP: inuse %ld orphan %ld tw %ld alloc %ld mem %ld", &inuse, &orphan, &waiting, &allocated, &pages);
	if (pages < 0)
		fail("read /proc/net/sockstat");
	fclose(file);
	return (double)pages * sysconf(_SC_PAGESIZE);
}

/* Bytes taken until the socket is full. */
static double fill(int i, size_t bytes)
{
	double taken = 0;

	for (;;) {
		ssize_t wrote = send(sockets[i], message, rest[i], MSG_NOSIGNAL);

		if (wrote < 0 && errno != EAGAIN)
			fail("send to a stalled reader");
		if (wrote <= 0)
			return taken;
		taken += wrote;
		rest[i] = (size_t)wrote == rest[i] ? bytes : rest[i] - wrote;
	}
}

static double fill_all(int connections, size_t bytes)
{
	double taken = 0, progress = seconds_now();

	while (seconds_now() - progress < BLOCKED_SECONDS) {
		double before = taken;

		for (int i = 0; i < connections; i++)
			taken += fill(i, bytes);
		if (taken > before)
			progress = seconds_now();
		else
			usleep(10000);
	}
	return taken;
}

void stall(char **words)
{
	int connections = number(words[1]), turns = number(words[3]);
	size_t bytes = number(words[2]);
	double memory, taken;

	for (int i = 0; i < connections; i++) {
		sockets[i] = connect_to(words[0]);
		rest[i] = bytes;
		for (int turn = 0; turn < turns; turn++)
			if (!write_all(sockets[i], bytes) || !read_all(sockets[i], bytes))
				fail("a turn: the connection has ended");
	}
	memory = tcp_memory_bytes();
	taken = fill_all(connections, bytes);
	printf("{\"bytes\":%.0f,\"memoryBytes\":%.0f,\"connections\":%d}\n", taken, tcp_memory_bytes() - memory, connections);
}
