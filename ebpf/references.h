/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts the references to a socket that pass: those that are neither lasting nor held by a timer. A sender that redirects to a socket holds
 * one until the message is in the psock queue (net/core/skmsg.c, sk_psock_msg_verdict()). */
#ifndef SIDECAR_ACCELERATION_REFERENCES_H
#define SIDECAR_ACCELERATION_REFERENCES_H

#include "peek.h"

/* An open socket in the SOCKHASH has two lasting references: of its struct socket and of its psock (sk_psock_init()). */
#define LASTING_REFERENCES 2

static __always_inline int is_queued(struct hrtimer *timer)
{
	struct hrtimer___queued *newer = (void *)timer;

	if (bpf_core_field_exists(timer->state))
		return BPF_CORE_READ(timer, state) & 1;
	return bpf_core_field_exists(newer->is_queued) && BPF_CORE_READ(newer, is_queued);
}

/* Each armed timer holds a reference (sk_reset_timer(), tcp_pacing_check(), __tcp_ack_snd_check()). */
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

#endif
