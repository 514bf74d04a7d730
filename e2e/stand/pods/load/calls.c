/* Repeats one of the cheapest system calls, because a cost that is added to every system call shows most clearly there.
 *   calls
 * A slice prints {"calls", "seconds"}; the seconds are processor time of this process, so that other programs on the
 * processor do not count. */
#define _GNU_SOURCE
#include "common.h"
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The clock is read once in so many calls, because reading it is a system call too. */
#define CALLS_A_LOOK 20000

static double processor_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void slice(double seconds, void *context)
{
	double begun = processor_seconds(), had = 0;
	unsigned long calls = 0;

	(void)context;
	for (; had < seconds; had = processor_seconds() - begun) {
		for (int i = 0; i < CALLS_A_LOOK; i++)
			syscall(SYS_getpid);
		calls += CALLS_A_LOOK;
	}
	printf("{\"calls\":%lu,\"seconds\":%.6f}\n", calls, had);
}

void calls(char **words)
{
	(void)words;
	run_slices(slice, NULL);
}
