/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* May this message take the fast path? Every "no" is a gate with a name, and means plain TCP.
 *
 * The peer is read through its address by probe: a stale address reads garbage and never faults, the cookie tells,
 * and the redirect itself goes by cookie through the SOCKHASH, so a wrong guess can cost speed but no byte. */
#ifndef SIDECAR_ACCELERATION_GATE_H
#define SIDECAR_ACCELERATION_GATE_H

#include "pairing.h"

/* include/linux/skmsg.h keeps flags in the low bits of sk_user_data (one bit in 5.10, three since 5.19) */
#define USER_DATA_FLAGS 7UL

static __always_inline bool fast_queue_empty(struct sock *sk)
{
	struct sk_psock *psock = (void *)((unsigned long)BPF_CORE_READ(sk, sk_user_data) & ~USER_DATA_FLAGS);
	void *head, *first;

	if (!psock)
		return true;
	head = (void *)psock + bpf_core_field_offset(struct sk_psock, ingress_msg);
	first = BPF_CORE_READ(psock, ingress_msg.next);
	return first == head;
}

/* Whether both pods are still selected; looked up again only when the selection has changed. */
static __always_inline bool still_selected(struct end *end, const struct settings *settings)
{
	/* read before the lookups: what changes meanwhile is then looked up again */
	__u64 epoch = *(volatile const __u64 *)&settings->epoch;

	if (end->epoch != epoch) {
		__u32 own = end->netns, peers = end->peer_netns;

		end->selected = bpf_map_lookup_elem(&pods, &own) && bpf_map_lookup_elem(&pods, &peers);
		end->epoch = epoch;
	}
	return end->selected && (settings->paths & end->path);
}

/* A reader asleep inside the kernel's TCP receive never sees redirected bytes; one that polls always does. */
static __always_inline enum gate reader_gate(struct sock *peer)
{
	struct file *file = BPF_CORE_READ(peer, sk_socket, file);

	if (!file)
		return GATE_UNACCEPTED;
	if (!(BPF_CORE_READ(file, f_flags) & O_NONBLOCK))
		return GATE_BLOCKING_READER;
	return GATE_OPEN;
}

/* Kernels before 5.16 flush unread redirected bytes when a half-closed reader reaches TIME_WAIT (sock_map_unhash). */
static __always_inline bool both_established(struct sock *own, struct sock *peer)
{
	return BPF_CORE_READ(own, __sk_common.skc_state) == BPF_TCP_ESTABLISHED &&
	       BPF_CORE_READ(peer, __sk_common.skc_state) == BPF_TCP_ESTABLISHED;
}

/* A reader drains redirected bytes before its TCP queue: redirect only when nothing sent earlier is unread there. */
static __always_inline bool in_order(struct tcp_sock *own, struct tcp_sock *peer)
{
	return BPF_CORE_READ(peer, copied_seq) == own->write_seq;
}

static __always_inline enum gate consider(struct end *end, struct tcp_sock *own, __u32 size,
					  const struct settings *settings)
{
	struct tcp_sock *peer;
	struct sock *peer_sk;
	enum gate gate;

	if (settings->mode != MODE_ACCELERATE)
		return GATE_MODE;
	if (!take_joint(end))
		return GATE_UNPAIRED;
	if (!still_selected(end, settings))
		return GATE_DESELECTED;
	peer = (void *)end->peer_sock;
	peer_sk = (void *)end->peer_sock;
	if ((__u64)BPF_CORE_READ(peer_sk, __sk_common.skc_cookie.counter) != end->peer_cookie)
		return GATE_PEER_GONE;
	if (!both_established((struct sock *)own, peer_sk))
		return GATE_CLOSING;
	gate = reader_gate(peer_sk);
	if (gate != GATE_OPEN)
		return gate;
	if (!in_order(own, peer))
		return GATE_ORDER;
	if (fast_queue_empty(peer_sk))
		end->backlog = 0;
	else if (end->backlog + size > settings->spill_bytes)
		return GATE_SPILL;
	return GATE_OPEN;
}

/* The lasting part of a verdict; passing gates (order, spill) leave the standing as it is. */
static __always_inline void settle_by(struct end *end, enum gate gate, const struct settings *settings)
{
	if (gate == GATE_BLOCKING_READER)
		settle(end, STANDING_BLOCKING_READER);
	else if (gate == GATE_DESELECTED)
		settle(end, settings->paths & end->path ? STANDING_PEER_NOT_SELECTED : STANDING_PATH_NOT_SELECTED);
	else if (gate == GATE_OPEN)
		settle(end, STANDING_ACCELERATED);
}

#endif
