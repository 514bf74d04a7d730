/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sampling of connections that close too soon for joining to pay. To follow each of them costs more than the connection gains. So one in
 * SAMPLE_WEIGHT has a row in a map until it closes, and counts for all of them: in the bytes, in the gauge, and in the history of its
 * destination. The others cost two lookups. A connection that stays open after all is found by a scan, which gives it a socket state of its
 * own. Hence nothing is sampled where there are no scans. */
#ifndef SIDECAR_ACCELERATION_SAMPLING_H
#define SIDECAR_ACCELERATION_SAMPLING_H

#include "endpoint.h"
#include "history.h"
#include "statistics.h"

static __always_inline bool may_sample(const struct settings *settings)
{
	return settings->learns && settings->mode == MODE_ACCELERATE;
}

/* Chooses at random whether the connection gets a row. */
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

/* Takes the row of a socket away; false where there is none. */
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
