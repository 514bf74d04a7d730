/* Connections of one program to itself, both of whose ends stop reading: measures how much memory the node then holds.
 *   hoard ADDRESS CONNECTIONS BYTES EVERY MOST BESIDE
 * Talks for TURNS turns a connection. Then a slice sends messages of BYTES from the connecting end, after each EVERY messages (0: never) one
 * byte from the accepting end, and reads none of them, until nothing more is taken or MOST bytes of a connection were. After each message BESIDE
 * bytes (0: none) go over one more connection, where they are read at once. With 32 KiB of them each message lies in a page fragment of its own,
 * because all sockets of a thread fill the same one (net/core/sock.c, sk_page_frag_refill(); SKB_FRAG_PAGE_ORDER).
 * A slice prints {"bytes", "messages", "memoryBytes", "slabBytes", "pageBytes", "connections"}: what the kernel took, the growth of its TCP memory
 * (/proc/net/sockstat), of the slabs that it cannot take back (SUnreclaim of /proc/meminfo) and of the pages that the kernel has under no name, as
 * those are that messages lie in. It stops by itself when TCP's memory and slabs have grown by LIMIT_BYTES, or those pages by LIMIT_PAGES. */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNS 32
#define LIMIT_BYTES 1.2e9
#define LIMIT_PAGES 2.4e9
/* Bytes that are sent on one connection before the next connection has its turn. */
#define ROUND 64

struct plan {
	int connections;
	size_t bytes;
	unsigned int every;
	double most;
	size_t beside;
};

struct pair {
	int connecting;
	int accepting;
	size_t rest; /* bytes not yet sent of a message that the socket took in part */
	double taken;
	unsigned int messages;
};

static struct pair pairs[MAX_SOCKETS / 2];
/* The connection for filler bytes, which are read at once. */
static struct pair beside;

struct held {
	double memory;
	double slab;
	double pages;
};

static bool is_one_of(const char *name, const char *const *names)
{
	while (*names && strcmp(name, *names) != 0)
		names++;
	return *names;
}

/* Pages in the lists of free pages that each processor keeps: hundreds of MiB that count neither as free nor as used. */
static double bytes_of_processors(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	double pages, all = 0;
	char line[256];

	if (!file)
		fail("read /proc/zoneinfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %lf", &pages) == 1)
			all += pages;
	fclose(file);
	return all * sysconf(_SC_PAGESIZE);
}

static struct held held_now(void)
{
	static const char *const named[] = { "MemFree",	    "Buffers",	  "Cached",	 "AnonPages", "Slab",
					     "KernelStack", "PageTables", "VmallocUsed", "Percpu",    NULL };
	struct held held = { .memory = tcp_memory_bytes(), .pages = -bytes_of_processors() };
	FILE *file = fopen("/proc/meminfo", "r");
	char line[256], name[64];
	double kib;

	if (!file)
		fail("read /proc/meminfo");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63[^:]: %lf kB", name, &kib) != 2)
			continue;
		if (strcmp(name, "SUnreclaim") == 0)
			held.slab = kib * 1024;
		if (strcmp(name, "MemTotal") == 0)
			held.pages += kib * 1024;
		if (is_one_of(name, named))
			held.pages -= kib * 1024;
	}
	fclose(file);
	return held;
}

static struct held held_since(struct held before)
{
	struct held grown = held_now();

	grown.memory -= before.memory;
	grown.slab -= before.slab;
	grown.pages -= before.pages;
	return grown;
}

static bool holds_enough(struct held before)
{
	struct held grown = held_since(before);

	return grown.memory + grown.slab > LIMIT_BYTES || grown.pages > LIMIT_PAGES;
}

static bool send_some(int fd, size_t bytes, ssize_t *wrote)
{
	*wrote = send(fd, message, bytes, MSG_NOSIGNAL);
	if (*wrote < 0 && errno != EAGAIN)
		fail("send to a stalled reader");
	return *wrote > 0;
}

/* Sends filler bytes on the connection `beside`, so that the next message on the other connections lies in another page than the last. */
static void send_beside(size_t bytes)
{
	if (bytes && (!write_all(beside.connecting, bytes) || !read_all(beside.accepting, bytes)))
		fail("send beside: the connection has ended");
}

/* Sends until the socket is full, has taken its share, or another connection has its turn. Returns how many bytes the socket took. */
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
		send_beside(plan->beside);
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
	struct held before = held_now(), grown;
	double messages = messages_of(plan), taken = 0, progress = seconds_now();
	bool enough = false;

	(void)seconds; /* a slice ends when nothing more is taken, not after a time */
	while (!enough && seconds_now() - progress < BLOCKED_SECONDS) {
		double round = 0;

		for (int i = 0; i < plan->connections && !enough; i++) {
			round += fill(&pairs[i], plan);
			enough = plan->beside && holds_enough(before);
		}
		taken += round;
		if (round > 0)
			progress = seconds_now();
		else
			usleep(10000);
		enough = enough || holds_enough(before);
	}
	grown = held_since(before);
	printf("{\"bytes\":%.0f,\"messages\":%.0f,\"memoryBytes\":%.0f,\"slabBytes\":%.0f,\"pageBytes\":%.0f,\"connections\":%d}\n", taken,
	       messages_of(plan) - messages, grown.memory, grown.slab, grown.pages, plan->connections);
}

static void talk(const struct pair *pair, size_t bytes)
{
	for (int turn = 0; turn < TURNS; turn++)
		if (!write_all(pair->connecting, bytes) || !read_all(pair->accepting, bytes) || !write_all(pair->accepting, 1) ||
		    !read_all(pair->connecting, 1))
			fail("a turn: the connection has ended");
}

static void open_pair(struct pair *pair, const char *address, int listener)
{
	pair->connecting = connect_to(address);
	await(listener, POLLIN);
	pair->accepting = accept_from(listener);
}

void hoard(char **words)
{
	struct plan plan = {
		.connections = number(words[1]),
		.bytes = number(words[2]),
		.every = number(words[3]),
		.most = number(words[4]),
		.beside = number(words[5]),
	};
	int listener = listen_at(words[0]);

	if (plan.beside)
		open_pair(&beside, words[0], listener);
	for (int i = 0; i < plan.connections; i++) {
		open_pair(&pairs[i], words[0], listener);
		pairs[i].rest = plan.bytes;
		talk(&pairs[i], plan.bytes);
	}
	run_slices(slice, &plan);
}
