/* Connections that live for a few requests, one after the other; the server ends them.
 *   brief ADDRESS REQUESTS BYTES WARMUP_SECONDS SECONDS
 * Prints {"connections", "seconds", "kernelUs"} of the time after the warm-up: by then the destination is known. */
#include "common.h"
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static void one_connection(const char *address, unsigned int requests, size_t bytes)
{
	int fd = connect_to(address);

	for (unsigned int i = 0; i < requests; i++)
		if (!write_all(fd, bytes) || !read_all(fd, bytes))
			fail("a request: the connection has ended");
	/* the server closes first, so that the client's ports are free at once */
	await(fd, POLLIN);
	close(fd);
}

static unsigned long until(double time, char **words)
{
	unsigned int requests = number(words[1]);
	size_t bytes = number(words[2]);
	unsigned long connections = 0;

	for (; seconds_now() < time; connections++)
		one_connection(words[0], requests, bytes);
	return connections;
}

void brief(char **words)
{
	unsigned long connections;
	double begun, kernel;

	until(seconds_now() + number(words[3]), words);
	begun = seconds_now();
	kernel = kernel_us();
	connections = until(begun + number(words[4]), words);
	printf("{\"connections\":%lu,\"seconds\":%.6f,\"kernelUs\":%.0f}\n", connections, seconds_now() - begun, kernel_us() - kernel);
}
