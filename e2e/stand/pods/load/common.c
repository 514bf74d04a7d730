/* Non-blocking sockets over TCP and AF_UNIX, and the clocks. */
#define _GNU_SOURCE
#include "common.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

char message[BIGGEST_MESSAGE];

struct place {
	union {
		struct sockaddr any;
		struct sockaddr_in tcp;
		struct sockaddr_un local;
	};
	socklen_t size;
};

void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static struct place place_of(const char *address)
{
	struct place place = {};
	const char *colon = strrchr(address, ':');
	char host[64] = "";

	if (strncmp(address, "unix:", 5) == 0) {
		place.local.sun_family = AF_UNIX;
		/* a leading zero byte: an abstract name, which belongs to the network namespace and is no file */
		strncpy(place.local.sun_path + 1, address + 5, sizeof(place.local.sun_path) - 1);
		place.size = sizeof(place.local);
		return place;
	}
	if (colon && (size_t)(colon - address) < sizeof(host))
		memcpy(host, address, colon - address);
	place.tcp.sin_family = AF_INET;
	place.size = sizeof(place.tcp);
	if (!colon || inet_pton(AF_INET, host, &place.tcp.sin_addr) != 1) {
		errno = EINVAL;
		fail(address);
	}
	place.tcp.sin_port = htons(atoi(colon + 1));
	return place;
}

static int new_socket(const struct place *place)
{
	int fd = socket(place->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("socket");
	return fd;
}

/* Switches Nagle's algorithm off, as proxies do; AF_UNIX has none. */
static int at_once(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

int listen_at(const char *address)
{
	struct place place = place_of(address);
	int fd = new_socket(&place), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &place.any, place.size) || listen(fd, 4096))
		fail(address);
	return fd;
}

int connect_to(const char *address)
{
	struct place place = place_of(address);
	int fd = new_socket(&place), error = 0;
	socklen_t size = sizeof(error);

	if (connect(fd, &place.any, place.size) && errno != EINPROGRESS)
		fail(address);
	await(fd, POLLOUT);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) || error) {
		errno = error;
		fail(address);
	}
	return at_once(fd);
}

int accept_from(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0 && errno != EAGAIN && errno != ECONNABORTED)
		fail("accept");
	return fd < 0 ? -1 : at_once(fd);
}

void await(int fd, short events)
{
	struct pollfd poller = { .fd = fd, .events = events };

	while (poll(&poller, 1, -1) < 0)
		if (errno != EINTR)
			fail("poll");
}

bool write_all(int fd, size_t bytes)
{
	while (bytes > 0) {
		ssize_t wrote = send(fd, message, bytes, MSG_NOSIGNAL);

		if (wrote >= 0)
			bytes -= wrote;
		else if (errno == EAGAIN)
			await(fd, POLLOUT);
		else
			return false;
	}
	return true;
}

long read_some(int fd, size_t bytes)
{
	ssize_t got = read(fd, message, bytes < sizeof(message) ? bytes : sizeof(message));

	if (got < 0 && errno != EAGAIN)
		return 0;
	return got;
}

bool read_all(int fd, size_t bytes)
{
	while (bytes > 0) {
		long got = read_some(fd, bytes);

		if (got == 0)
			return false;
		if (got < 0)
			await(fd, POLLIN);
		else
			bytes -= got;
	}
	return true;
}

int new_epoll(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0)
		fail("epoll_create1");
	return epoll;
}

void watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.fd = fd };

	if (fd >= MAX_SOCKETS) {
		errno = EMFILE;
		fail("watch");
	}
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		fail("epoll_ctl");
}

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

double kernel_us(void)
{
	const char *path = getenv("CPU_STAT");
	FILE *file = path ? fopen(path, "r") : NULL;
	char line[128];
	double us = -1;

	if (!file)
		fail("read $CPU_STAT");
	while (us < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "system_usec %lf", &us);
	fclose(file);
	return us;
}

double tcp_memory_bytes(void)
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

double number(const char *text)
{
	char *end;
	double value = text ? strtod(text, &end) : 0;

	if (!text || *end || end == text) {
		errno = EINVAL;
		fail(text ? text : "a number");
	}
	return value;
}

void run_slices(void (*slice)(double seconds, void *context), void *context)
{
	char line[64];

	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		slice(number(line), context);
		fflush(stdout);
	}
}
