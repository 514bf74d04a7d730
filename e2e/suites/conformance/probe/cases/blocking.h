/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections whose sockets are blocking from the beginning. */
#ifndef SIDECAR_ACCELERATION_BLOCKING_H
#define SIDECAR_ACCELERATION_BLOCKING_H

#include "../probe.h"

#define TURNS 20
#define LENGTH 500

struct conn open_blocking(void);    /* to a destination whose connections are known to take turns */
void take_turns(struct conn *conn); /* TURNS of LENGTH bytes, with the other side */

#endif
