/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every family of cases, in the order in which the page lists them. */
#ifndef SIDECAR_ACCELERATION_FAMILIES_H
#define SIDECAR_ACCELERATION_FAMILIES_H

#include "probe.h"

ROWS(waking);
ROWS(edges);
ROWS(lengths);
ROWS(mixing);
ROWS(sleeping);
ROWS(senders);
ROWS(uring);
ROWS(reading);
ROWS(messages);
ROWS(writing);
ROWS(pacing);
ROWS(beside);
ROWS(splicing);
ROWS(closing);
ROWS(accepting);
ROWS(passing);
ROWS(ports);
ROWS(special);
ROWS(idle);
ROWS(counters);
ROWS(storms);

/* Not on the page: only changeover.e2e.ts plays these cases, because it can switch the datapath in the middle. */
ROWS(changeover);

static const struct probe_case *const families[] __attribute__((unused)) = {
	waking, edges,	  lengths, mixing,    sleeping, senders, uring,	  reading, messages, writing, pacing,
	beside, splicing, closing, accepting, passing,	ports,	 special, idle,	   counters, storms,  NULL,
};

#endif
