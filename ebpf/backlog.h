/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What lies redirected and unread at the peer, and what it costs the kernel. */
#ifndef SIDECAR_ACCELERATION_BACKLOG_H
#define SIDECAR_ACCELERATION_BACKLOG_H

#include "quiet.h"

/* struct sk_msg, of a slab (net/core/skmsg.c). Nobody is charged for it. */
#define SK_MSG_BYTES 1024
/* Messages that may lie unread at a socket: as slab about what TCP takes for a stalled reader of small messages (docs/bounds.md). */
#define MOST_UNREAD 96

/* 2 s to 20 s, by the kernel's HZ of 1000 to 100. */
#define ALONE_JIFFIES 2000

/* What cannot be told. */
#define UNKNOWN (~0ULL)

/* Counts the messages in a socket's redirected queue: how many there are in the upper half, their bytes in the lower. The reader
 * may take some meanwhile; where the walk loses its way nothing is told. A global function: the verifier looks at it once. */
__noinline __u64 count_unread(__u64 address)
{
	__u64 psock = (__u64)PEEK(PEEKABLE(struct sock, address), sk_user_data) & ~USER_DATA_FLAGS;
	__u64 head = psock + bpf_core_field_offset(struct sk_psock, ingress_msg), at, messages = 0, bytes = 0;
	struct sk_msg *message;

	if (!psock)
		return 0;
	at = (__u64)PEEK(PEEKABLE(struct sk_psock, psock), ingress_msg.next);
	for (int n = 0; n <= MOST_UNREAD; n++) {
		if (at == head)
			return messages << 32 | bytes;
		if (!at)
			break;
		message = PEEKABLE(struct sk_msg, at - bpf_core_field_offset(struct sk_msg, list));
		bytes += PEEK(message, sg.size);
		messages++;
		at = (__u64)PEEK(message, list.next);
	}
	return UNKNOWN;
}

/* The peer's unread redirected bytes. Kernels that charge them to the receive buffer tell how many there are (sk_rmem_alloc; TCP's
 * are all read when this is asked); elsewhere all that was redirected since they were last known counts. */
static __always_inline __u64 unread_bytes(const struct socket_state *state, struct sock *peer)
{
	__u64 charged = PEEK(peer, sk_backlog.rmem_alloc.counter);

	return charged && charged < state->backlog ? charged : state->backlog;
}

/* What the backlog costs the kernel, and a message more. */
static __always_inline __u64 cost_with(const struct socket_state *state, __u32 size)
{
	return state->backlog + size + (state->backlog_messages + 1) * SK_MSG_BYTES;
}

/* Whether no other thread can have passed this program with a message that has not reached the peer's queue yet. */
static __always_inline bool is_only_redirector(const struct socket_state *state)
{
	return !state->shared && (!state->redirector || state->redirector == (__u32)bpf_get_current_pid_tgid());
}

/* Whether all that was redirected has reached the peer's queue; asked before the queue is looked at. While no reference to the peer is
 * held nothing is on its way, and an end whose messages one thread has redirected for a while is that thread's alone again. */
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

/* Looks at the peer's queue; false, and the count stays, where a message may be on its way there. */
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

/* Kernels that refuse a redirect by the receive buffer make the sender fail with EAGAIN, or wait for a wake-up that nobody sends
 * (openEuler, net/ipv4/tcp_bpf.c, bpf_tcp_ingress()). */
static __always_inline bool refuses_redirect(struct sock *peer)
{
	return features.rcvbuf_refuses && PEEK(peer, sk_backlog.rmem_alloc.counter) >= PEEK(peer, sk_rcvbuf);
}

#endif
