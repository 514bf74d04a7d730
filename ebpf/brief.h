/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ends of connections that will not be joined because such connections end too soon for it to pay. Looking after each
 * costs more than the connection gains, so one in BRIEF_WEIGHT is followed by a line in a map until it closes, and
 * counts for all: its bytes, its place in the gauge, what its destination learns from it. The others cost two lookups.
 * Whichever stays open is met by a visit, and from then on counted for itself; hence nothing is left alone where there
 * are no visits. */
#ifndef SIDECAR_ACCELERATION_BRIEF_H
#define SIDECAR_ACCELERATION_BRIEF_H

#include "history.h"

static __always_inline bool may_leave_alone(const struct settings *settings)
{
	return settings->learns && settings->mode == MODE_ACCELERATE;
}

static __always_inline void begin_brief(struct bpf_sock_ops *ops, __u32 slot, __u32 netns, bool accepting)
{
	struct brief brief = { .slot = slot, .netns = netns, .accepting = accepting };
	__u64 cookie;

	if (bpf_get_prandom_u32() % BRIEF_WEIGHT)
		return;
	cookie = bpf_get_socket_cookie(ops);
	if (bpf_map_update_elem(&briefs, &cookie, &brief, BPF_ANY))
		return;
	bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	count_ends(slot, STANDING_SHORT_LIVED, BRIEF_WEIGHT);
}

/* Takes the line away; false for a socket that has none. */
static __always_inline bool end_brief(__u64 cookie, struct brief *brief)
{
	struct brief *found = bpf_map_lookup_elem(&briefs, &cookie);

	if (!found)
		return false;
	*brief = *found;
	if (bpf_map_delete_elem(&briefs, &cookie))
		return false;
	count_ends(brief->slot, STANDING_SHORT_LIVED, -BRIEF_WEIGHT);
	return true;
}

static __always_inline void on_brief_close(struct bpf_sock_ops *ops, struct tcp_sock *tp)
{
	struct endpoint original = {};
	struct brief brief;

	if (!end_brief(bpf_get_socket_cookie(ops), &brief))
		return;
	count_tcp_bytes(brief.slot, BRIEF_WEIGHT * (tp->bytes_sent - tp->bytes_retrans));
	if (brief.accepting)
		return;
	read_remote(ops, &original);
	learn_from(brief.netns, &original, tp, 0, false);
}

#endif
