// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether a connection was accelerated: the bytes that the datapath has counted for this socket, from its socket storage. */
#define _GNU_SOURCE
#include "probe.h"
#include "transcript.h"
#include "../../../../ebpf/connections.h"
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool look(int fd, struct socket_state *state)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	memset(state, 0, sizeof(*state));
	if (stage.ends < 0 || fd < 0)
		return false;
	attr.map_fd = stage.ends;
	attr.key = (uintptr_t)&fd;
	attr.value = (uintptr_t)state;
	return !syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr));
}

void keep_speed(struct conn *conn)
{
	struct socket_state state;

	if (!look(conn->fd, &state))
		return;
	conn->last = (struct speed){
		.fast_bytes = state.fast_bytes,
		.tcp_bytes = state.tcp_bytes,
		.standing = state.reason,
		.gate = state.gate,
		.known = true,
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
	/* atomically, because the cases in storms.c call this in several threads at once */
	__atomic_fetch_add(&transcript->fast_bytes, conn->last.fast_bytes - conn->fast_before, __ATOMIC_RELAXED);
	__atomic_fetch_add(&transcript->tcp_bytes, conn->last.tcp_bytes - conn->tcp_before, __ATOMIC_RELAXED);
}

enum progress progress(const struct conn *conn)
{
	struct socket_state state;

	if (stage.ends < 0)
		return DECIDED;
	if (!look(conn->fd, &state)) /* the datapath did not see the connection open; a scan may still find it */
		return UNDECIDED;
	if (state.fast_bytes > conn->fast_before)
		return DECIDED;
	switch (state.reason) { /* reasons that a scan may change (may_be_found(), adopt.h) */
	case REASON_NONE:
	case REASON_ACCELERATED:
	case REASON_PAIRING:
	case REASON_LEARNING:
	case REASON_SHORT_LIVED:
	case REASON_ONE_WAY:
	case REASON_LIMIT_REACHED:
	case REASON_PEER_NOT_SELECTED:
		return UNDECIDED;
	default:
		return DECIDED;
	}
}
