/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sampling of connections that are not worth joining: those that close too soon, and those whose peer is on no selected pod of this node. To follow
 * each of them costs more than TCP may lose. So one in SAMPLE_WEIGHT has a row in a map until it closes, and counts for all of them: in the bytes,
 * in the gauge, and in the history of its destination. The others cost a lookup or two. A connection that stays open is found by a scan, which gives
 * it a socket state of its own. Hence nothing is sampled where a scan cannot do that: it needs the callback of the socket's close. */
#ifndef SIDECAR_ACCELERATION_SAMPLING_H
#define SIDECAR_ACCELERATION_SAMPLING_H

#include "endpoint.h"
#include "history.h"
#include "path.h"
#include "statistics.h"

static __always_inline bool may_sample(const struct settings *settings)
{
	return features.scan_callbacks && settings->learns && settings->mode == MODE_ACCELERATE;
}

/* Why a connection without a socket state stays on TCP. */
static __always_inline enum reason reason_unfollowed(enum path_kind path, const struct address *remote)
{
	return path == PATH_NONE ? reason_without_peer(remote) : REASON_SHORT_LIVED;
}

/* Chooses at random whether the connection gets a row. */
static __always_inline void begin_sample(struct bpf_sock_ops *ops, __u32 slot, __u32 netns, bool accepting, enum path_kind path,
					 const struct address *remote)
{
	struct sampled_connection sample = { .slot = slot, .netns = netns, .accepting = accepting };
	__u64 cookie;

	if (bpf_get_prandom_u32() % SAMPLE_WEIGHT) {
		COUNT(slot, unfollowed);
		return;
	}
	sample.reason = reason_unfollowed(path, remote);
	cookie = bpf_get_socket_cookie(ops);
	if (bpf_map_update_elem(&sampled, &cookie, &sample, BPF_ANY))
		return;
	bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	count_reason(slot, sample.reason, SAMPLE_WEIGHT);
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
	count_reason(sample->slot, sample->reason, -SAMPLE_WEIGHT);
	return true;
}

static __always_inline void on_sampled_close(struct bpf_sock_ops *ops, struct tcp_sock *tp)
{
	struct endpoint original = {};
	struct sampled_connection sample;

	if (!end_sample(bpf_get_socket_cookie(ops), &sample))
		return;
	count_tcp_bytes(sample.slot, SAMPLE_WEIGHT * (tp->bytes_sent - tp->bytes_retrans));
	if (sample.accepting || sample.reason != REASON_SHORT_LIVED)
		return;
	read_remote(ops, &original);
	learn_from(sample.netns, &original, tp, 0, false);
}

#endif
