/* Very many connections of one program to itself, which stay open.
 *   idle ADDRESS CONNECTIONS TALKING SECONDS
 * Takes as many processes as the limit of open files asks for; each listens at a port of its own, the first one at ADDRESS. Prints "ready" when all
 * connections are open. The first TALKING connections then take a turn of one byte every SECONDS, the others never send anything. The program runs
 * until it is killed, or until its parent ends. */
#define _GNU_SOURCE
#include "common.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Fewer than there are ephemeral ports (net.ipv4.ip_local_port_range: 28,232). */
#define MOST_AT_PORT 20000
/* The turns of a second are spread over so many moments. */
#define SLOTS 10
#define OTHER_FILES 64

struct pair {
	int connecting;
	int accepting;
};

/* Raises the limit of open files to its maximum. Returns how many connections a process may have when it holds both ends of each. */
static int most_of_process(void)
{
	struct rlimit files;
	int most;

	if (getrlimit(RLIMIT_NOFILE, &files))
		fail("read the limit of open files");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files))
		fail("raise the limit of open files");
	most = (files.rlim_max - OTHER_FILES) / 2;
	return most < MOST_AT_PORT ? most : MOST_AT_PORT;
}

static struct pair *open_all(const char *address, int connections)
{
	struct pair *pairs = calloc(connections, sizeof(*pairs));
	int listener = listen_at(address);

	if (!pairs)
		fail("so many connections");
	for (int i = 0; i < connections; i++) {
		pairs[i].connecting = connect_to(address);
		await(listener, POLLIN);
		pairs[i].accepting = accept_from(listener);
	}
	return pairs;
}

static void take_turn(const struct pair *pair)
{
	if (!write_all(pair->connecting, 1) || !read_all(pair->accepting, 1) || !write_all(pair->accepting, 1) || !read_all(pair->connecting, 1))
		fail("a turn: the connection has ended");
}

static void take_turns(const struct pair *pairs, int talking, int seconds)
{
	for (int slot = 0;; slot = (slot + 1) % (SLOTS * seconds)) {
		for (int i = slot; i < talking; i += SLOTS * seconds)
			take_turn(&pairs[i]);
		usleep(1000000 / SLOTS);
	}
}

/* Starts a process that opens connections and ends with its parent. Returns when the connections are open. */
static void hold(const char *address, int connections, int talking, int seconds)
{
	struct pair *pairs;
	int opened[2];
	char byte = 0;

	if (pipe(opened))
		fail("pipe");
	switch (fork()) {
	case -1:
		fail("fork");
	case 0:
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pairs = open_all(address, connections);
		if (write(opened[1], &byte, 1) != 1)
			fail("say that all are open");
		take_turns(pairs, talking, seconds);
	}
	close(opened[1]);
	if (read(opened[0], &byte, 1) != 1)
		fail("open connections in another process");
	close(opened[0]);
}

void idle(char **words)
{
	int connections = number(words[1]), talking = number(words[2]), seconds = number(words[3]), most = most_of_process();
	const char *colon = strrchr(words[0], ':');
	char address[64];

	if (!colon || seconds < 1)
		fail("idle: an address and seconds");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int port = atoi(colon + 1); connections > 0; port++) {
		int own = connections < most ? connections : most, talks = talking < own ? talking : own;

		snprintf(address, sizeof(address), "%.*s:%d", (int)(colon - words[0]), words[0], port);
		hold(address, own, talks, seconds);
		connections -= own;
		talking -= talks;
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
