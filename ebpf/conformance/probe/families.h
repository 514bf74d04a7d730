/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every family of cases, in the order of the table. */
#ifndef SIDECAR_ACCELERATION_FAMILIES_H
#define SIDECAR_ACCELERATION_FAMILIES_H

#include "probe.h"

ROWS(waking);
ROWS(uring);
ROWS(reading);
ROWS(messages);
ROWS(writing);
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

static const struct probe_case *const families[] __attribute__((unused)) = {
	waking, uring, reading, messages, writing, beside, splicing, closing, accepting, passing, ports, special, idle, counters, storms, NULL,
};

#endif
