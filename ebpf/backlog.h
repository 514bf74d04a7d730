/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many redirected messages lie unread at the peer, and what they cost the kernel. */
#ifndef SIDECAR_ACCELERATION_BACKLOG_H
#define SIDECAR_ACCELERATION_BACKLOG_H

#include "quiet.h"

/* A struct sk_msg, in slab memory (net/core/skmsg.c) that no cgroup is charged for. */
#define SK_MSG_BYTES 1024
/* 2 s to 20 s, by the kernel's HZ of 1000 to 100. */
#define ALONE_JIFFIES 2000

/* The unread redirected bytes at the peer. Kernels that charge them to the receive buffer tell how many there are (sk_rmem_alloc; the caller
 * has seen that TCP's bytes are all read). On other kernels, all that was redirected since they were last known counts. */
static __always_inline __u64 unread_bytes(const struct socket_state *state, struct sock *peer)
{
	__u64 charged = PEEK(peer, sk_backlog.rmem_alloc.counter);

	return charged && charged < state->backlog ? charged : state->backlog;
}

/* What the backlog costs the kernel together with one message more. */
static __always_inline __u64 cost_with(const struct socket_state *state, __u32 size)
{
	return state->backlog + size + (state->backlog_messages + 1) * SK_MSG_BYTES;
}

/* Whether no other thread can have redirected a message that is not in the peer's psock queue yet. */
static __always_inline bool is_only_redirector(const struct socket_state *state)
{
	return !state->shared && (!state->redirector || state->redirector == (__u32)bpf_get_current_pid_tgid());
}

/* Checks that all that was redirected has reached the peer's psock queue; to be called before that queue is read. While no passing reference
 * to the peer is held, nothing is on its way. An end whose messages one thread has redirected for a while then belongs to that thread alone
 * again. */
static __always_inline bool confirm_all_arrived(struct socket_state *state, struct sock *peer)
{
	if (is_only_redirector(state))
		return true;
	if (passing_references(peer) != 0)
		return false;
	if (state->redirector == (__u32)bpf_get_current_pid_tgid() && bpf_jiffies64() - state->alone_since >= ALONE_JIFFIES)
		state->shared = 0;
	return true;
}

static __always_inline void forget_backlog(struct socket_state *state)
{
	state->backlog = 0;
	state->backlog_messages = 0;
}

/* Counts the peer's psock queue again. False, and the backlog stays as it is, where a message may be on its way there. */
static __always_inline bool recount(struct socket_state *state, struct sock *peer)
{
	__u64 unread;

	if (!confirm_all_arrived(state, peer))
		return false;
	unread = count_unread(state->peer.sock);
	if (unread == UNKNOWN)
		return true;
	state->backlog = (__u32)unread;
	state->backlog_messages = unread >> 32;
	return true;
}

/* Whether the kernel refuses a redirect to this peer because its receive buffer is full. Such a kernel makes the sender fail with EAGAIN, or wait
 * for a wake-up that never comes (openEuler, net/ipv4/tcp_bpf.c, bpf_tcp_ingress()). */
static __always_inline bool refuses_redirect(struct sock *peer)
{
	return features.rcvbuf_refuses && PEEK(peer, sk_backlog.rmem_alloc.counter) >= PEEK(peer, sk_rcvbuf);
}

#endif
