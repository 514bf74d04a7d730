/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Puts a case on between two network namespaces. */
#ifndef SIDECAR_ACCELERATION_PLAY_H
#define SIDECAR_ACCELERATION_PLAY_H

#include "probe.h"
#include "transcript.h"

/* Transcripts of the client and of the server, in this order; outcome HUNG for a side that did not end in time. */
struct transcript *play(const struct probe_case *row, const char *client_netns, const char *server_netns);

#endif
