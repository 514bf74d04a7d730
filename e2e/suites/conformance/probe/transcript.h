/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one side leaves for the parent, in shared memory: it is there also when the side hangs and is killed. */
#ifndef SIDECAR_ACCELERATION_TRANSCRIPT_H
#define SIDECAR_ACCELERATION_TRANSCRIPT_H

#include <stdint.h>

enum outcome {
	HUNG = 0,	/* until it ends by itself */
	FINISHED,
	GAVE_UP,
	UNSUPPORTED,	/* the kernel does not know the feature */
};

struct transcript {
	enum outcome outcome;
	uint32_t standing, gate;	/* of the connection looked at last, as the datapath numbers them */
	uint64_t fast_bytes, tcp_bytes;	/* sent by this side since its connections were warm */
	uint32_t length;
	char text[65536];
};

extern struct transcript *transcript;
extern int other_side;

#endif
