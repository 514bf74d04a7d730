/* One way, as fast as it goes, from the first byte to the reader's having had all of it.
 *   stream ADDRESS BYTES SECONDS
 * Prints {"bytes", "seconds", "kernelUs"}. */
#include "common.h"
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

/* Reading the clock costs as much as a small write. */
#define WRITES_A_LOOK 64

void stream(char **words)
{
	size_t bytes = number(words[1]);
	int fd = connect_to(words[0]);
	double begun = seconds_now(), end = begun + number(words[2]), kernel = kernel_us();
	double sent = 0;

	while (seconds_now() < end) {
		for (int i = 0; i < WRITES_A_LOOK; i++)
			if (!write_all(fd, bytes))
				fail("send");
		sent += (double)bytes * WRITES_A_LOOK;
	}
	shutdown(fd, SHUT_WR);
	/* the reader closes when it has read everything */
	if (read_all(fd, 1))
		fail("receive: an answer to a one-way stream");
	printf("{\"bytes\":%.0f,\"seconds\":%.6f,\"kernelUs\":%.0f}\n", sent, seconds_now() - begun, kernel_us() - kernel);
}
