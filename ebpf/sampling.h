/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ends of connections that will not be joined because such connections end too soon for it to pay. Looking after each
 * costs more than the connection gains, so one in SAMPLE_WEIGHT is followed by a line in a map until it closes, and
 * counts for all: its bytes, its place in the gauge, what its destination learns from it. The others cost two lookups.
 * Whichever stays open is met by a visit, and from then on counted for itself; hence nothing is left alone where there
 * are no visits. */
#ifndef SIDECAR_ACCELERATION_SAMPLING_H
#define SIDECAR_ACCELERATION_SAMPLING_H

#include "history.h"

static __always_inline bool may_sample(const struct settings *settings)
{
	return settings->learns && settings->mode == MODE_ACCELERATE;
}

static __always_inline void begin_sample(struct bpf_sock_ops *ops, __u32 slot, __u32 netns, bool accepting)
{
	struct sampled_connection sample = { .slot = slot, .netns = netns, .accepting = accepting };
	__u64 cookie;

	if (bpf_get_prandom_u32() % SAMPLE_WEIGHT)
		return;
	cookie = bpf_get_socket_cookie(ops);
	if (bpf_map_update_elem(&sampled, &cookie, &sample, BPF_ANY))
		return;
	bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	count_reason(slot, REASON_SHORT_LIVED, SAMPLE_WEIGHT);
}

/* Takes the line away; false for a socket that has none. */
static __always_inline bool end_sample(__u64 cookie, struct sampled_connection *sample)
{
	struct sampled_connection *found = bpf_map_lookup_elem(&sampled, &cookie);

	if (!found)
		return false;
	*sample = *found;
	if (bpf_map_delete_elem(&sampled, &cookie))
		return false;
	count_reason(sample->slot, REASON_SHORT_LIVED, -SAMPLE_WEIGHT);
	return true;
}

static __always_inline void on_sampled_close(struct bpf_sock_ops *ops, struct tcp_sock *tp)
{
	struct endpoint original = {};
	struct sampled_connection sample;

	if (!end_sample(bpf_get_socket_cookie(ops), &sample))
		return;
	count_tcp_bytes(sample.slot, SAMPLE_WEIGHT * (tp->bytes_sent - tp->bytes_retrans));
	if (sample.accepting)
		return;
	read_remote(ops, &original);
	learn_from(sample.netns, &original, tp, 0, false);
}

#endif
