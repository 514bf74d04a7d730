/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Plays a case between two network namespaces. */
#ifndef SIDECAR_ACCELERATION_PLAY_H
#define SIDECAR_ACCELERATION_PLAY_H

#include "probe.h"
#include "transcript.h"

/* Returns the transcripts of the client and of the server, in this order. The outcome of a side that did not end in time is HUNG. */
struct transcript *play(const struct probe_case *row, const char *client_netns, const char *server_netns);

#endif
