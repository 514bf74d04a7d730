/* SPDX-License-Identifier: Apache-2.0 */
/* A client and a server for soak tests; the value of each byte is known beforehand.
 *
 *   traffic serve PLACE PORT BOARD              listens on PORT, PORT+1 (TCP_DEFER_ACCEPT) and PORT+2 (blocking files)
 *   traffic drive PLACE HOST PORT BOARD LINK COUNT SEED [cuttable] [proxied] [mixed]
 *                                               keeps COUNT connections open to the server of that place; with `mixed` also
 *                                               to its third listener
 *
 * LINK (below 4096) is part of the numbers of a process's connections, so that no other process has them; SEED repeats a run. After SIGTERM the
 * process opens no new connections, and ends with the last one. */
#define _GNU_SOURCE
#include "loop.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <sys/resource.h>

#define LISTENERS 3
#define COUNTER_BITS 17

static volatile sig_atomic_t stopping;

static struct {
	uint32_t place, link, wanted;
	bool cuttable, proxied, mixed;
	int port;
	struct addrinfo *address;
	uint64_t seed, counter, retry_at_ms;
	int listeners[LISTENERS];
} self;

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

static void die(const char *doing)
{
	fprintf(stderr, "traffic: %s: %s\n", doing, strerror(errno));
	exit(1);
}

static void connect_one(void)
{
	int fd = socket(self.address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct end *end = open_end(fd, true);
	struct sockaddr_storage to;

	end->greeting = (struct greeting){
		.magic = MAGIC,
		.place = self.place,
		.slot = take_slot(),
		.cuttable = self.cuttable,
		.proxied = self.proxied,
		.salt = self.seed,
		.connection = (uint64_t)self.link << COUNTER_BITS | (self.counter++ & ((1 << COUNTER_BITS) - 1)),
	};
	plan_end(end);
	memcpy(&to, self.address->ai_addr, self.address->ai_addrlen);
	/* sin_port and sin6_port are at the same place */
	((struct sockaddr_in *)&to)->sin_port = htons(self.port + draw(end->plan.seed, 6) % (self.mixed ? LISTENERS : LISTENERS - 1));
	set_no_delay(end);
	if (connect(fd, (struct sockaddr *)&to, self.address->ai_addrlen) && errno != EINPROGRESS) {
		failed(end, "connecting");
		return close_end(end, OUTCOME_FAILED);
	}
	watch(end, EPOLL_CTL_ADD);
}

/* When a client's connection has failed, the next one is opened after a moment: the server's pod may be away. */
static void on_end_over(bool client, enum outcome outcome)
{
	if (client && outcome == OUTCOME_FAILED)
		self.retry_at_ms = now_ms() + 20;
}

static void connect_wanted(uint64_t now)
{
	while (!stopping && tally.open < self.wanted && now >= self.retry_at_ms)
		connect_one();
}

static void accept_all(int listener)
{
	bool blocking = listener == self.listeners[2];
	struct end *end;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK))) >= 0) {
		end = open_end(fd, false);
		end->manners.edge_triggered = fd % 2;
		watch(end, EPOLL_CTL_ADD);
	}
}

static int listen_on(int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, no = 0;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (port == self.port + 1)
		setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 4096))
		die("listening");
	return fd;
}

static void serve_setup(void)
{
	for (int i = 0; i < LISTENERS; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &self.listeners[i] };

		self.listeners[i] = listen_on(self.port + i);
		epoll_ctl(poller, EPOLL_CTL_ADD, self.listeners[i], &event);
	}
}

static bool is_listener(void *what)
{
	return (int *)what >= self.listeners && (int *)what < self.listeners + LISTENERS;
}

static void take_events(int timeout_ms)
{
	struct epoll_event events[256];
	uint64_t since_ns = clock_ns();
	int count = epoll_wait(poller, events, 256, timeout_ms);

	for (int i = 0; i < count; i++) {
		struct end *end = events[i].data.ptr;

		if (is_listener(end)) {
			accept_all(*(int *)events[i].data.ptr);
			continue;
		}
		if (events[i].events & ~(uint32_t)EPOLLOUT)
			end->readable = end->woken = true;
		if (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			end->hung_up = true;
		if (events[i].events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
			end->writable = true;
		make_ready(end);
	}
	if (count < 256)
		STORE(board->polled_ns[own_process], since_ns);
}

static void run(bool client)
{
	uint64_t told_ms = 0, looked_ms = 0, now;

	while (!stopping || tally.open > 0) {
		begin_round();
		now = now_ms();
		if (client)
			connect_wanted(now);
		take_events(ready_ends ? 0 : 5);
		work_all_ready(now, self.place);
		if (now - looked_ms >= 5) {
			looked_ms = now;
			look_after(now);
		}
		if (now - told_ms >= 1000) {
			told_ms = now;
			print_tally();
		}
	}
	print_tally();
}

int main(int count, char **words)
{
	struct rlimit files = { 65536, 65536 };
	bool client = count > 1 && strcmp(words[1], "drive") == 0;

	if (count < (client ? 9 : 5)) {
		fprintf(stderr,
			"usage: traffic serve PLACE PORT BOARD | traffic drive PLACE HOST PORT BOARD LINK COUNT SEED [cuttable] [proxied] [mixed]\n");
		return 2;
	}
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	poller = epoll_create1(EPOLL_CLOEXEC);
	on_over = on_end_over;
	self.place = atoi(words[2]);
	if (!open_board(words[client ? 5 : 4]))
		die("opening the board");
	if (client) {
		struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };

		self.port = atoi(words[4]);
		self.link = atoi(words[6]);
		self.wanted = atoi(words[7]);
		self.seed = strtoull(words[8], NULL, 10);
		for (int i = 9; i < count; i++) {
			self.cuttable |= strcmp(words[i], "cuttable") == 0;
			self.proxied |= strcmp(words[i], "proxied") == 0;
			self.mixed |= strcmp(words[i], "mixed") == 0;
		}
		if (getaddrinfo(words[3], NULL, &hints, &self.address))
			die("reading the address");
	} else {
		self.port = atoi(words[3]);
		serve_setup();
	}
	print_tally();
	run(client);
	return tally.wrong || tally.failed ? 1 : 0;
}
