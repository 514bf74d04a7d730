/* The answering side of every figure: one thread, one epoll. Prints "ready" when it listens.
 *   serve ADDRESS BYTES TURNS stay|close|stall
 * A message of BYTES is answered with as many; BYTES 0 reads and answers nothing. After TURNS answers (0: never) it
 * closes the connection, or stalls: keeps it open and reads no more. */
#include "common.h"
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum after { AFTER_STAY, AFTER_CLOSE, AFTER_STALL };

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
	return strcmp(word, "close") == 0 ? AFTER_CLOSE : strcmp(word, "stall") == 0 ? AFTER_STALL : AFTER_STAY;
}

static void end_turns(const struct server *server, int fd)
{
	if (server->after == AFTER_CLOSE)
		close(fd);
	else if (server->after == AFTER_STALL)
		epoll_ctl(server->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void on_bytes(const struct server *server, int fd)
{
	long got = read_some(fd, server->bytes ? server->bytes - received[fd] : 65536);

	if (got == 0)
		close(fd);
	if (got <= 0 || server->bytes == 0)
		return;
	received[fd] += got;
	if (received[fd] < server->bytes)
		return;
	received[fd] = 0;
	if (!write_all(fd, server->bytes))
		close(fd);
	else if (++answered[fd] == server->turns)
		end_turns(server, fd);
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
	puts("ready");
	fflush(stdout);
	for (;;) {
		int count = epoll_wait(server.epoll, events, 256, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == listener)
				on_connections(&server, listener);
			else
				on_bytes(&server, events[i].data.fd);
		}
	}
}
