/* Connections of a few requests each, one connection after the other; the server closes them.
 *   brief ADDRESS REQUESTS BYTES
 * A slice prints {"connections", "seconds", "kernelUs"}. */
#include "common.h"
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

struct plan {
	const char *address;
	unsigned int requests;
	size_t bytes;
};

static void one_connection(const struct plan *plan)
{
	int fd = connect_to(plan->address);

	for (unsigned int i = 0; i < plan->requests; i++)
		if (!write_all(fd, plan->bytes) || !read_all(fd, plan->bytes))
			fail("a request: the connection has ended");
	/* the server closes first: so TIME_WAIT is on its side, and the client's ports are free at once */
	await(fd, POLLIN);
	close(fd);
}

static void slice(double seconds, void *context)
{
	double begun = seconds_now(), kernel = kernel_us();
	unsigned long connections = 0;

	for (; seconds_now() < begun + seconds; connections++)
		one_connection(context);
	printf("{\"connections\":%lu,\"seconds\":%.6f,\"kernelUs\":%.0f}\n", connections, seconds_now() - begun, kernel_us() - kernel);
}

void brief(char **words)
{
	struct plan plan = { .address = words[0], .requests = number(words[1]), .bytes = number(words[2]) };

	run_slices(slice, &plan);
}
