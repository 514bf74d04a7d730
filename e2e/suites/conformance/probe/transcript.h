/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one side has said, in memory shared with the parent process, which can read it also when the side hangs and is killed. */
#ifndef SIDECAR_ACCELERATION_TRANSCRIPT_H
#define SIDECAR_ACCELERATION_TRANSCRIPT_H

#include <stdint.h>

enum outcome {
	HUNG = 0, /* until the side ends by itself */
	FINISHED,
	GAVE_UP,
	UNSUPPORTED, /* the kernel does not know the feature */
};

struct transcript {
	enum outcome outcome;
	uint32_t standing, gate;	/* reason and gate of the connection noted last, by the datapath's numbers */
	uint64_t fast_bytes, tcp_bytes; /* sent by this side since the warm-up of its connections */
	uint32_t length;
	char text[65536];
};

extern struct transcript *transcript;
extern int other_side;

#endif
