/* Requests and answers in turns on many open connections, with one request under way on each.
 *   turns ADDRESS CONNECTIONS BYTES PAUSE_US
 * The client waits PAUSE_US before each request. A slice prints {"requests", "seconds", "kernelUs"}. At its end every
 * request has been answered, so that no traffic goes on during the slice of another side. */
#include "common.h"
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

static int sockets[MAX_SOCKETS];
static size_t missing[MAX_SOCKETS];

struct talk {
	int epoll;
	int connections;
	size_t bytes;
	unsigned int pause_us;
	unsigned long answers;
	int under_way;
};

static void ask(struct talk *talk, int fd)
{
	if (talk->pause_us)
		usleep(talk->pause_us);
	missing[fd] = talk->bytes;
	talk->under_way++;
	if (!write_all(fd, talk->bytes))
		fail("send");
}

/* Reads what has arrived. Returns whether the answer is complete. */
static bool answered(int fd)
{
	while (missing[fd] > 0) {
		long got = read_some(fd, missing[fd]);

		if (got == 0)
			fail("receive: the server has closed");
		if (got < 0)
			return false;
		missing[fd] -= got;
	}
	return true;
}

static void on_events(struct talk *talk, bool asking)
{
	struct epoll_event events[256];
	int count = epoll_wait(talk->epoll, events, 256, -1);

	for (int i = 0; i < count; i++) {
		int fd = events[i].data.fd;

		/* the event may be about bytes that were read after the event before */
		if (missing[fd] == 0 || !answered(fd))
			continue;
		talk->answers++;
		talk->under_way--;
		if (asking)
			ask(talk, fd);
	}
}

static void slice(double seconds, void *context)
{
	struct talk *talk = context;
	double begun = seconds_now(), kernel = kernel_us();

	talk->answers = 0;
	for (int i = 0; i < talk->connections; i++)
		ask(talk, sockets[i]);
	while (seconds_now() < begun + seconds)
		on_events(talk, true);
	while (talk->under_way > 0)
		on_events(talk, false);
	printf("{\"requests\":%lu,\"seconds\":%.6f,\"kernelUs\":%.0f}\n", talk->answers, seconds_now() - begun, kernel_us() - kernel);
}

void turns(char **words)
{
	struct talk talk = { .epoll = new_epoll(), .connections = number(words[1]), .bytes = number(words[2]), .pause_us = number(words[3]) };

	for (int i = 0; i < talk.connections; i++) {
		sockets[i] = connect_to(words[0]);
		watch(talk.epoll, sockets[i]);
	}
	run_slices(slice, &talk);
}
