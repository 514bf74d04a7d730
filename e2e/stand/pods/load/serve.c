/* The server of every load: one thread with one epoll. Prints "ready" when it listens.
 *   serve ADDRESS BYTES TURNS stay|close|stall|read
 * A message of BYTES is answered with as many bytes. After TURNS answers (0: never) the server closes the connection, stalls (keeps it open
 * and reads no more), or reads everything and answers no more; with BYTES 0 it does so from the beginning. The server ends at the end of its
 * standard input, because the program that started it has ended then. */
#include "common.h"
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define STREAM_READ 65536

enum after { AFTER_STAY, AFTER_CLOSE, AFTER_STALL, AFTER_READ };

struct server {
	int epoll;
	size_t bytes;
	unsigned int turns;
	enum after after;
};

static size_t received[MAX_SOCKETS];
static unsigned int answered[MAX_SOCKETS];

static enum after after_of(const char *word)
{
	static const char *words[] = { "stay", "close", "stall", "read" };

	for (int i = 0; i < 4; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	fail("serve: what to do after the turns");
}

static bool only_reads(const struct server *server, int fd)
{
	return server->bytes == 0 || (server->after == AFTER_READ && answered[fd] == server->turns);
}

static void end_turns(const struct server *server, int fd)
{
	if (server->after == AFTER_CLOSE)
		close(fd);
	else if (server->after == AFTER_STALL)
		epoll_ctl(server->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void swallow(int fd)
{
	long got;

	while ((got = read_some(fd, STREAM_READ)) > 0)
		;
	if (got == 0)
		close(fd);
}

/* Reads what has arrived, and answers when a message is complete; the client sends nothing more before the answer. */
static void answer(const struct server *server, int fd)
{
	while (received[fd] < server->bytes) {
		long got = read_some(fd, server->bytes - received[fd]);

		if (got == 0)
			close(fd);
		if (got <= 0)
			return;
		received[fd] += got;
	}
	received[fd] = 0;
	if (!write_all(fd, server->bytes))
		close(fd);
	else if (++answered[fd] == server->turns)
		end_turns(server, fd);
}

static void on_bytes(const struct server *server, int fd)
{
	if (only_reads(server, fd))
		swallow(fd);
	else
		answer(server, fd);
}

static void on_connections(const struct server *server, int listener)
{
	int fd;

	while ((fd = accept_from(listener)) >= 0) {
		watch(server->epoll, fd);
		received[fd] = 0;
		answered[fd] = 0;
	}
}

void serve(char **words)
{
	struct server server = { .epoll = new_epoll(), .bytes = number(words[1]), .turns = number(words[2]), .after = after_of(words[3]) };
	struct epoll_event events[256];
	int listener = listen_at(words[0]);

	watch(server.epoll, listener);
	watch(server.epoll, STDIN_FILENO);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int count = epoll_wait(server.epoll, events, 256, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == STDIN_FILENO)
				return;
			if (events[i].data.fd == listener)
				on_connections(&server, listener);
			else
				on_bytes(&server, events[i].data.fd);
		}
	}
}
