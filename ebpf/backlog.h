/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What lies redirected and unread at the peer, what it costs the kernel, and whether more fits. */
#ifndef SIDECAR_ACCELERATION_BACKLOG_H
#define SIDECAR_ACCELERATION_BACKLOG_H

#include "peek.h"
#include "maps.h"

/* struct sk_msg, of a slab (net/core/skmsg.c). */
#define SK_MSG_BYTES 1024

/* The peer's unread redirected bytes. Kernels that charge them to the receive buffer tell how many there are (sk_rmem_alloc; TCP's
 * are all read when this is asked); elsewhere all that was redirected since the queue was last seen empty counts. */
static __always_inline __u64 unread_bytes(const struct end *end, struct sock *peer)
{
	__u64 charged = PEEK(peer, sk_backlog.rmem_alloc.counter);

	return charged && charged < end->backlog ? charged : end->backlog;
}

/* What they cost the kernel: a struct sk_msg a message, besides. */
static __always_inline __u64 unread_cost(const struct end *end, struct sock *peer)
{
	__u64 bytes = unread_bytes(end, peer);
	__u64 messages = bytes < end->backlog_messages ? bytes : end->backlog_messages;

	return bytes + messages * SK_MSG_BYTES;
}

/* Whether a message fits into a queue that is not empty. Kernels that refuse a redirect by the receive buffer make the
 * sender fail with EAGAIN, or wait for a wake-up that nobody sends (openEuler, net/ipv4/tcp_bpf.c, bpf_tcp_ingress()). */
static __always_inline bool fits(const struct end *end, struct sock *peer, __u32 size, const struct settings *settings)
{
	if (unread_cost(end, peer) + size > settings->spill_bytes)
		return false;
	return !offers.rcvbuf_refuses || PEEK(peer, sk_backlog.rmem_alloc.counter) < PEEK(peer, sk_rcvbuf);
}

#endif
