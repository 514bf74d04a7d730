/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Describes connection ends for people who ask. It only reads: nothing is counted, moved or woken. */
#ifndef SIDECAR_ACCELERATION_DESCRIBE_H
#define SIDECAR_ACCELERATION_DESCRIBE_H

#include "sampling.h"
#include "state.h"

/* Not inlined, so that the layout of its argument is in the BTF. */
static __noinline int write_description(struct bpf_iter_meta *meta, const struct description *description)
{
	bpf_seq_write(meta->seq, description, sizeof(*description));
	return 0;
}

/* Adds what the socket state says of a connection end that the status counts. An end that the status does not count has sent all its bytes over
 * TCP. */
static __always_inline void describe_end(struct description *description, const struct socket_state *state)
{
	description->peer_cookie = state->peer.cookie;
	description->peer_netns = state->peer.cookie ? state->peer.netns : 0;
	description->fast_bytes = state->fast_bytes;
	/* bytes that no program has seen are counted when the connection is scanned or closes */
	if (state->tcp_bytes > description->tcp_bytes)
		description->tcp_bytes = state->tcp_bytes;
	description->reason = state->reason;
	description->accepting = state->accepting;
	description->departures = state->departures;
}

static __always_inline void describe(struct bpf_iter_meta *meta, struct tcp_sock *tp, struct sock *sk)
{
	struct socket_state *state = bpf_sk_storage_get(&socket_states, tp, NULL, 0);
	struct settings *settings = current_settings();
	struct description description = {};

	description.cookie = bpf_get_socket_cookie(tp);
	description.netns = netns_of(sk);
	description.rtt_us = BPF_CORE_READ(tp, srtt_us) >> 3; /* the kernel keeps it times eight (net/ipv4/tcp_input.c) */
	description.tcp_bytes = BPF_CORE_READ(tp, bytes_sent) - BPF_CORE_READ(tp, bytes_retrans);
	socket_endpoints(sk, &description.local, &description.remote);
	if (state && state->reason != REASON_NONE)
		describe_end(&description, state);
	else if (settings && may_sample(settings))
		description.reason =
			reason_unfollowed(likely_path(tp, &description.local.address, &description.remote.address), &description.remote.address);
	write_description(meta, &description);
}

#endif
