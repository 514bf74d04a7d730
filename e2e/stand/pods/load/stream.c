/* A one-way stream as fast as possible. Each slice is a new connection, and is over when the reader has read everything.
 *   stream ADDRESS TURNS TURN_BYTES BYTES
 * After TURNS turns of TURN_BYTES each, it writes BYTES at a time. A slice prints {"bytes", "seconds", "kernelUs"} of
 * the stream. */
#include "common.h"
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* The clock is read once in so many writes, because reading it costs as much as a small write. */
#define WRITES_A_LOOK 64

struct plan {
	const char *address;
	unsigned int turns;
	size_t turn_bytes;
	size_t bytes;
};

static int talk(const struct plan *plan)
{
	int fd = connect_to(plan->address);

	for (unsigned int i = 0; i < plan->turns; i++)
		if (!write_all(fd, plan->turn_bytes) || !read_all(fd, plan->turn_bytes))
			fail("a turn: the connection has ended");
	return fd;
}

static double write_until(int fd, size_t bytes, double end)
{
	double sent = 0;

	for (; seconds_now() < end; sent += (double)bytes * WRITES_A_LOOK)
		for (int i = 0; i < WRITES_A_LOOK; i++)
			if (!write_all(fd, bytes))
				fail("send");
	return sent;
}

static void slice(double seconds, void *context)
{
	const struct plan *plan = context;
	int fd = talk(plan);
	double begun = seconds_now(), kernel = kernel_us();
	double sent = write_until(fd, plan->bytes, begun + seconds);

	shutdown(fd, SHUT_WR);
	/* the reader closes when it has read everything */
	if (read_all(fd, 1))
		fail("receive: an answer to a one-way stream");
	printf("{\"bytes\":%.0f,\"seconds\":%.6f,\"kernelUs\":%.0f}\n", sent, seconds_now() - begun, kernel_us() - kernel);
	close(fd);
}

void stream(char **words)
{
	struct plan plan = { .address = words[0], .turns = number(words[1]), .turn_bytes = number(words[2]), .bytes = number(words[3]) };

	run_slices(slice, &plan);
}
