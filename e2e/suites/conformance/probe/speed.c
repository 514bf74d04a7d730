// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether a connection ran accelerated: the datapath's own count of this very socket, from its socket storage. */
#define _GNU_SOURCE
#include "probe.h"
#include "transcript.h"
#include "../../../../ebpf/connections.h"
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool look(int fd, struct end *end)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	memset(end, 0, sizeof(*end));
	if (stage.ends < 0 || fd < 0)
		return false;
	attr.map_fd = stage.ends;
	attr.key = (uintptr_t)&fd;
	attr.value = (uintptr_t)end;
	return !syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr));
}

void keep_speed(struct conn *conn)
{
	struct end end;

	if (!look(conn->fd, &end))
		return;
	conn->last = (struct speed){
		.fast_bytes = end.fast_bytes, .tcp_bytes = end.tcp_bytes, .standing = end.standing, .gate = end.gate, .known = true,
	};
}

void note_start(struct conn *conn)
{
	conn->last = (struct speed){};
	keep_speed(conn);
	conn->fast_before = conn->last.fast_bytes;
	conn->tcp_before = conn->last.tcp_bytes;
}

void note_speed(struct conn *conn)
{
	keep_speed(conn);
	if (!conn->last.known)
		return;
	transcript->standing = conn->last.standing;
	transcript->gate = conn->last.gate;
	/* by several threads at once, in a storm */
	__atomic_fetch_add(&transcript->fast_bytes, conn->last.fast_bytes - conn->fast_before, __ATOMIC_RELAXED);
	__atomic_fetch_add(&transcript->tcp_bytes, conn->last.tcp_bytes - conn->tcp_before, __ATOMIC_RELAXED);
}

enum progress progress(const struct conn *conn)
{
	struct end end;

	if (stage.ends < 0)
		return DECIDED;
	if (!look(conn->fd, &end))	/* opened unseen: a visit may meet it yet */
		return UNDECIDED;
	if (end.fast_bytes > conn->fast_before)
		return DECIDED;
	switch (end.standing) { /* what a visit may change (may_be_found(), adopt.h) */
	case STANDING_NONE:
	case STANDING_ACCELERATED:
	case STANDING_PAIRING:
	case STANDING_LEARNING:
	case STANDING_SHORT_LIVED:
	case STANDING_ONE_WAY:
	case STANDING_LIMIT_REACHED:
	case STANDING_PEER_NOT_SELECTED:
		return UNDECIDED;
	default:
		return DECIDED;
	}
}
