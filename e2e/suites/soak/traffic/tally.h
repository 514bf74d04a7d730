/* SPDX-License-Identifier: Apache-2.0 */
/* The counts of a process: printed as one JSON line a second on standard output, with a line for each of the first troubles. */
#ifndef SOAK_TALLY_H
#define SOAK_TALLY_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

struct tally {
	uint64_t sent, received;   /* bytes; received bytes have been compared with their expected values */
	uint64_t wrong;		   /* bytes that are wrong for their stream and their place in it */
	uint64_t opened, finished; /* connection ends; on a finished end every byte and the FIN have passed in both directions */
	uint64_t failed;	   /* ended early, or nothing moved for `patience` */
	uint64_t stalled;	   /* nothing moved for STALLED_MS; the connection may have gone on afterwards */
	uint64_t longest;	   /* the longest standstill, in milliseconds */
	uint64_t returned;	   /* how often an end was on the fast path again after a while over TCP */
	uint64_t cut;		   /* ended early, on a link whose other pod may go at any time */
	uint64_t open;
};

static struct tally tally;

static void print_tally(void)
{
	printf("{\"sent\":%lu,\"received\":%lu,\"wrong\":%lu,\"opened\":%lu,\"finished\":%lu,\"failed\":%lu,"
	       "\"stalled\":%lu,\"longest\":%lu,\"returned\":%lu,\"cut\":%lu,\"open\":%lu}\n",
	       tally.sent, tally.received, tally.wrong, tally.opened, tally.finished, tally.failed, tally.stalled, tally.longest, tally.returned,
	       tally.cut, tally.open);
	fflush(stdout);
}

static void trouble(const char *format, ...)
{
	static unsigned int told;
	va_list arguments;

	if (told++ >= 20)
		return;
	printf("{\"trouble\":\"");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\"}\n");
	fflush(stdout);
}

static void tell_ports(unsigned int local, unsigned int remote)
{
	printf("{\"stalledPort\":%u,\"towards\":%u}\n", local, remote);
	fflush(stdout);
}

#endif
