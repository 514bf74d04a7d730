/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ends of connections that will not be joined because such connections end too soon for it to pay. They are counted, and
 * their destination goes on learning from them, at the smallest price: a line in a map while they are open. */
#ifndef SIDECAR_ACCELERATION_BRIEF_H
#define SIDECAR_ACCELERATION_BRIEF_H

#include "history.h"

/* False when there is no room for it; the end is then kept like any other. */
static __always_inline bool begin_brief(struct bpf_sock_ops *ops, __u32 slot, __u32 netns,
					const struct handshake *handshake, bool accepting)
{
	struct brief brief = { .slot = slot, .netns = netns, .handshake = *handshake, .accepting = accepting };
	__u64 cookie = bpf_get_socket_cookie(ops);

	if (bpf_map_update_elem(&briefs, &cookie, &brief, BPF_ANY))
		return false;
	bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	count_standing(slot, STANDING_NONE, STANDING_SHORT_LIVED);
	return true;
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
	if (!brief->accepting)	/* nobody may have accepted what it left there */
		bpf_map_delete_elem(&pending, &brief->handshake);
	count_standing(brief->slot, STANDING_SHORT_LIVED, STANDING_NONE);
	return true;
}

static __always_inline void on_brief_close(struct bpf_sock_ops *ops, struct tcp_sock *tp)
{
	struct endpoint original = {};
	struct brief brief;

	if (!end_brief(bpf_get_socket_cookie(ops), &brief))
		return;
	count_tcp_bytes(brief.slot, tp->bytes_sent - tp->bytes_retrans);
	if (brief.accepting)
		return;
	read_remote(ops, &original);
	learn_from(brief.netns, &original, tp, 0, false);
}

#endif
