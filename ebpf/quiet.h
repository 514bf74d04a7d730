/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether anything is under way between two joined sockets that are to leave the map.
 *
 * A redirecting sender is in one of three places (net/ipv4/tcp_bpf.c, tcp_bpf_send_verdict(), 5.10 to 6.18):
 *   1. before or in the program: it holds its socket's lock;
 *   2. between the program and the peer's queue: it holds a reference to the peer (sk_psock_msg_verdict());
 *   3. done: its bytes are in the peer's queue.
 * So the two are quiet when both queues are empty, no reference is held but the lasting ones, and nobody owns the peer's lock;
 * at this end the caller is where no sender is in the program. The end first claims to be quiet and then looks: a sender of
 * the peer's takes its lock first and then reads the claim, and with a full barrier on both sides one of them sees the other.
 * Who sees the claim does not redirect, so what is quiet once stays quiet.
 * A timer is armed before its reference is taken and so hides another for a moment: the last message must have been
 * redirected GRACE_JIFFIES ago, or by the thread that looks. */
#ifndef SIDECAR_ACCELERATION_QUIET_H
#define SIDECAR_ACCELERATION_QUIET_H

#include "pairing.h"

/* include/linux/skmsg.h keeps flags in the low bits of sk_user_data (one bit in 5.10, three since 5.19) */
#define USER_DATA_FLAGS 7UL
/* By then a message that was redirected is in its queue, and what one processor has written is seen by all: 1 to 20 ms, by
 * the kernel's HZ. */
#define GRACE_JIFFIES 2

/* Where the barrier is none (arm64: an atomic addition without a result orders nothing), time does: a sender that began before
 * the claim is done by GRACE_JIFFIES after the connection began to leave, since when none begins to redirect. */
#define HAS_FULL_BARRIER bpf_core_field_exists(((struct pt_regs___x86 *)NULL)->di)

/* Of an open socket in the SOCKHASH: one of its struct socket, one of its psock (sk_psock_init()). */
#define LASTING_REFERENCES 2

static __always_inline int is_queued(struct hrtimer *timer)
{
	struct hrtimer___queued *newer = (void *)timer;

	if (bpf_core_field_exists(timer->state))
		return BPF_CORE_READ(timer, state) & 1;
	return bpf_core_field_exists(newer->is_queued) && BPF_CORE_READ(newer, is_queued);
}

/* Armed timers hold a reference each (sk_reset_timer(), tcp_pacing_check(), __tcp_ack_snd_check()). */
static __always_inline int timer_references(struct sock *sk)
{
	struct inet_connection_sock *icsk = (void *)sk;
	struct tcp_sock *tp = (void *)sk;
	int armed = is_queued(&tp->pacing_timer) + is_queued(&tp->compressed_ack_timer);

	if (bpf_core_field_exists(icsk->icsk_keepalive_timer))
		armed += BPF_CORE_READ(icsk, icsk_keepalive_timer.entry.pprev) != NULL;
	else
		armed += BPF_CORE_READ(sk, sk_timer.entry.pprev) != NULL;
	armed += BPF_CORE_READ(icsk, icsk_delack_timer.entry.pprev) != NULL;
	if (bpf_core_field_exists(icsk->icsk_retransmit_timer))
		armed += BPF_CORE_READ(icsk, icsk_retransmit_timer.entry.pprev) != NULL;
	else if (bpf_core_field_exists(sk->tcp_retransmit_timer))
		armed += BPF_CORE_READ(sk, tcp_retransmit_timer.entry.pprev) != NULL;
	return armed;
}

static __always_inline int passing_references(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_refcnt.refs.counter) - timer_references(sk) - LASTING_REFERENCES;
}

static __always_inline bool fast_queue_empty(struct sock *sk)
{
	__u64 address = (__u64)PEEK(PEEKABLE(struct sock, sk), sk_user_data) & ~USER_DATA_FLAGS;
	__u64 head = address + bpf_core_field_offset(struct sk_psock, ingress_msg);

	if (!address)
		return true;
	return (__u64)PEEK(PEEKABLE(struct sk_psock, address), ingress_msg.next) == head;
}

static __always_inline bool is_peer(const struct socket_state *state, struct sock *peer)
{
	return (__u64)PEEK(peer, __sk_common.skc_cookie.counter) == state->peer.cookie;
}

static __always_inline bool nothing_under_way(struct sock *own, struct sock *peer, int holders)
{
	if (passing_references(peer) != 0 || passing_references(own) != holders)
		return false;
	return fast_queue_empty(own) && fast_queue_empty(peer);
}

/* Where FIONREAD counts redirected bytes alone, a reader in the map is told too little of TCP's: a connection whose bytes are to
 * go over TCP from now on leaves, also when it is only switched off. Elsewhere it stays, and can be switched on at once. */
static __always_inline bool must_leave_for_tcp(void)
{
	return features.fionread == FIONREAD_REDIRECTED;
}

/* Of a socket in the SOCKHASH while nothing is redirected any more: an open one, where it is told too little of TCP's bytes. */
static __always_inline bool has_to_leave(struct sock *sk)
{
	return must_leave_for_tcp() && BPF_CORE_READ(sk, __sk_common.skc_state) == BPF_TCP_ESTABLISHED;
}

/* A reset ends a socket in the map with one error more than TCP has: tcp_bpf_sendmsg() tells of it and does not clear it. With
 * nothing left to be read there the socket is TCP's again. */
static __always_inline void leave_if_reset(const struct socket_state *state, struct sock *sk)
{
	__u64 cookie = state->shown.cookie;

	if (sk->sk_err && state->shown.in_map && fast_queue_empty(sk))
		bpf_map_delete_elem(&sockets, &cookie);
}

/* A message is being redirected by the current thread. */
static __always_inline void note_redirect(struct socket_state *state)
{
	__u32 thread = bpf_get_current_pid_tgid();

	state->shown.redirected = bpf_jiffies64();
	if (thread == state->redirector)
		return;
	if (state->redirector)
		state->shared = 1;
	state->redirector = thread;
	state->alone_since = state->shown.redirected;
}

/* What was stored before is seen by all before anything is read after it. */
static __always_inline void full_barrier(struct socket_state *state)
{
	if (HAS_FULL_BARRIER)
		ADD(state->barriers, 1);
}

static __always_inline bool is_still(struct sock *own, struct sock *peer, int holders)
{
	return !PEEK(peer, sk_lock.owned) && nothing_under_way(own, peer, holders);
}

/* Claims that nothing is under way; false, and no claim, where something is. `holders`: references to `own` that the caller
 * knows of. */
static __always_inline bool claim_quiet(struct socket_state *state, struct sock *own, struct sock *peer, int holders)
{
	if (state->shown.quiet)
		return true;
	if (!HAS_FULL_BARRIER && bpf_jiffies64() - state->leaving_since < GRACE_JIFFIES)
		return false;
	if (!is_still(own, peer, holders))
		return false;
	state->shown.quiet = 1;
	full_barrier(state);
	if (!is_still(own, peer, holders))
		state->shown.quiet = 0;
	return state->shown.quiet;
}

/* Looks from the program of a message of this end: no other sender is in it. What this thread redirected before is done; what
 * another did may be hidden. */
static __always_inline bool claim_quiet_when_sending(struct socket_state *state, struct sock *own, struct sock *peer)
{
	__u32 thread = bpf_get_current_pid_tgid();
	__u64 now = bpf_jiffies64();

	if (now - state->shown.redirected < GRACE_JIFFIES &&
	    (state->redirector != thread || now - state->alone_since < GRACE_JIFFIES))
		return false;
	return claim_quiet(state, own, peer, 0);
}

/* Looks at a connection that is to leave; true when nothing is under way and nothing can be any more. `sender`: what the peer
 * shows. */
static __always_inline bool claim_quiet_outside(struct socket_state *state, struct sock *own, struct sock *peer, const struct shown *sender,
				     int holders)
{
	__u64 now = bpf_jiffies64();

	if (state->shown.quiet || sender->quiet)
		return nothing_under_way(own, peer, holders);
	if (now - state->shown.redirected < GRACE_JIFFIES || now - sender->redirected < GRACE_JIFFIES)
		return false;
	return claim_quiet(state, own, peer, holders);
}

#endif
