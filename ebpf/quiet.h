/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds out whether any message is under way between two joined sockets. They may leave the SOCKHASH only when none is.
 *
 * A sender that redirects is in one of three places (net/ipv4/tcp_bpf.c, tcp_bpf_send_verdict(), 5.10 to 6.18):
 *   1. before or in the program: it holds the lock of its socket;
 *   2. between the program and the peer's psock queue: it holds a reference to the peer (sk_psock_msg_verdict());
 *   3. done: its bytes are in the peer's psock queue.
 * So the two ends are quiet when both psock queues are empty, when both sockets have lasting references only, and when no thread owns the
 * peer's lock. At its own end, the caller runs at a point where no sender is in the program.
 *
 * The end first claims to be quiet, and then checks again. A sender of the peer first takes its lock, and then reads the claim. With a full
 * barrier on both sides, the end sees the lock or the sender sees the claim. A sender that sees the claim does not redirect. So ends that are
 * quiet stay quiet.
 *
 * A timer is armed before its reference is taken, and hides another reference for that moment. So the last message must have been redirected
 * GRACE_JIFFIES ago, or by the thread that checks. */
#ifndef SIDECAR_ACCELERATION_QUIET_H
#define SIDECAR_ACCELERATION_QUIET_H

#include "peer.h"
#include "references.h"

/* 1 to 20 ms, by the kernel's HZ. After that time a redirected message is in the psock queue, and every processor sees what another has
 * written. */
#define GRACE_JIFFIES 2

/* On arm64 an atomic addition without a result is no barrier. There the program waits for GRACE_JIFFIES after the connection began to leave the
 * SOCKHASH. By then every sender sees that the connection is leaving, and a sender that did not see it has finished its redirect. */
#define HAS_FULL_BARRIER bpf_core_field_exists(((struct pt_regs___x86 *)NULL)->di)

/* A full barrier: every processor sees what this one has stored before this one reads what follows. */
static __always_inline void full_barrier(struct socket_state *state)
{
	if (HAS_FULL_BARRIER)
		ADD(state->barriers, 1);
}

/* Notes that the current thread redirects a message. */
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

/* Whether no redirected message is unread at a socket or on its way there. Nothing is redirected to a socket without a psock: its program has closed
 * it, while TCP may still send. */
static __always_inline bool nothing_redirected_to(struct sock *sk, int holders)
{
	if (!psock_of((__u64)sk))
		return true;
	return passing_references(sk) == holders && is_psock_queue_empty(sk);
}

static __always_inline bool nothing_under_way(struct sock *own, struct sock *peer, int holders)
{
	return nothing_redirected_to(peer, 0) && nothing_redirected_to(own, holders);
}

static __always_inline bool is_still(struct sock *own, struct sock *peer, int holders)
{
	return !PEEK(peer, sk_lock.owned) && nothing_under_way(own, peer, holders);
}

/* Claims that nothing is under way. False, and no claim is made, where something is. `holders`: references to `own` that the caller knows of. */
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

/* Claims that the connection is quiet, from the sk_msg program of a message of this end, where no other sender is in the program. What this thread
 * has redirected is in the peer's queue. What another thread has redirected may not have reached that queue. */
static __always_inline bool claim_quiet_when_sending(struct socket_state *state, struct sock *own, struct sock *peer)
{
	__u32 thread = bpf_get_current_pid_tgid();
	__u64 now = bpf_jiffies64();

	if (now - state->shown.redirected < GRACE_JIFFIES && (state->redirector != thread || now - state->alone_since < GRACE_JIFFIES))
		return false;
	return claim_quiet(state, own, peer, 0);
}

/* Claims that the connection is quiet, from a callback or a scan. True where no message is under way and none can be redirected any more. */
static __always_inline bool claim_quiet_outside(struct socket_state *state, struct sock *own, struct sock *peer, const struct shown *peer_shown,
						int holders)
{
	__u64 now = bpf_jiffies64();

	if (state->shown.quiet || peer_shown->quiet)
		return nothing_under_way(own, peer, holders);
	if (now - state->shown.redirected < GRACE_JIFFIES || now - peer_shown->redirected < GRACE_JIFFIES)
		return false;
	return claim_quiet(state, own, peer, holders);
}

#endif
