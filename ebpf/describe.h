/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the connection ends of a pod are like, for people who ask: read only, nothing is counted, moved or woken. */
#ifndef SIDECAR_ACCELERATION_DESCRIBE_H
#define SIDECAR_ACCELERATION_DESCRIBE_H

#include "visit.h"

/* As write_found(): puts the layout into the BTF. */
static __noinline int write_description(struct bpf_iter_meta *meta, const struct description *description)
{
	bpf_seq_write(meta->seq, description, sizeof(*description));
	return 0;
}

/* Of an end that is counted; others have sent over TCP only, and stand nowhere unless they are brief. */
static __always_inline void describe_end(struct description *description, const struct end *end)
{
	description->peer_cookie = end->peer.cookie;
	description->peer_netns = end->peer.cookie ? end->peer.netns : 0;
	description->fast_bytes = end->fast_bytes;
	/* what runs beside the programs is counted when the connection is visited or closes */
	if (end->tcp_bytes > description->tcp_bytes)
		description->tcp_bytes = end->tcp_bytes;
	description->standing = end->standing;
	description->accepting = end->accepting;
	description->departures = end->departures;
}

static __always_inline void describe(struct bpf_iter_meta *meta, struct tcp_sock *tp, struct sock *sk)
{
	struct end *end = bpf_sk_storage_get(&ends, tp, NULL, 0);
	struct description description = {};

	description.cookie = bpf_get_socket_cookie(tp);
	description.netns = netns_of(sk);
	description.rtt_us = BPF_CORE_READ(tp, srtt_us) >> 3;	/* kept eightfold (net/ipv4/tcp_input.c) */
	description.tcp_bytes = BPF_CORE_READ(tp, bytes_sent) - BPF_CORE_READ(tp, bytes_retrans);
	socket_endpoints(sk, &description.local, &description.remote);
	if (end && end->standing != STANDING_NONE)
		describe_end(&description, end);
	else if (bpf_map_lookup_elem(&briefs, &description.cookie))
		description.standing = STANDING_SHORT_LIVED;
	write_description(meta, &description);
}

#endif
