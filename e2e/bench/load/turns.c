/* Requests and answers in turns, one under way on each of many open connections.
 *   turns ADDRESS CONNECTIONS BYTES PAUSE_US WARMUP_SECONDS SECONDS
 * PAUSE_US is waited before each request. Prints {"requests", "seconds", "kernelUs"} of the time after the warm-up. */
#include "common.h"
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

/* A connection shows in its first messages what it is; what is measured is its life after them. */
#define WARMUP_TURNS 16

static size_t missing[MAX_SOCKETS];

struct talk {
	int epoll;
	size_t bytes;
	unsigned int pause_us;
	unsigned long answers;
};

static void ask(const struct talk *talk, int fd)
{
	if (talk->pause_us)
		usleep(talk->pause_us);
	missing[fd] = talk->bytes;
	if (!write_all(fd, talk->bytes))
		fail("send");
}

static void on_answer(struct talk *talk, int fd)
{
	long got = read_some(fd, missing[fd]);

	if (got == 0)
		fail("receive: the server has closed");
	if (got > 0)
		missing[fd] -= got;
	if (missing[fd] > 0)
		return;
	talk->answers++;
	ask(talk, fd);
}

static void until(struct talk *talk, double time, unsigned long answers)
{
	struct epoll_event events[256];

	while (talk->answers < answers || seconds_now() < time) {
		int count = epoll_wait(talk->epoll, events, 256, -1);

		for (int i = 0; i < count; i++)
			on_answer(talk, events[i].data.fd);
	}
}

void turns(char **words)
{
	struct talk talk = { .epoll = new_epoll(), .bytes = number(words[2]), .pause_us = number(words[3]) };
	int connections = number(words[1]);
	double begun, kernel;

	for (int i = 0; i < connections; i++) {
		int fd = connect_to(words[0]);

		watch(talk.epoll, fd);
		ask(&talk, fd);
	}
	until(&talk, seconds_now() + number(words[4]), (unsigned long)connections * WARMUP_TURNS);
	talk.answers = 0;
	begun = seconds_now();
	kernel = kernel_us();
	until(&talk, begun + number(words[5]), 1);
	printf("{\"requests\":%lu,\"seconds\":%.6f,\"kernelUs\":%.0f}\n", talk.answers, seconds_now() - begun, kernel_us() - kernel);
}
