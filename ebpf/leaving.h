/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking a connection out of the map while it is open.
 *
 * Deleting a socket from the SOCKHASH drops redirected bytes that are unread or on their way. So first both ends stop
 * redirecting (`leaving`, see gate.h); then data runs over TCP and the RTT callback fires; and there, or at a visit, both
 * are deleted once nothing is left of the time before. A redirecting sender is in one of three places (net/ipv4/tcp_bpf.c,
 * tcp_bpf_send_verdict(), 5.10 to 6.18):
 *   1. before or in the program: it holds its socket's lock. It is past that once the lock has been seen without an
 *      owner (watch_peer_stop()); at this end the callback itself runs where no sender is in the program;
 *   2. between the program and the peer's queue: it holds a reference to the peer (sk_psock_msg_verdict());
 *   3. done: its bytes are in the peer's queue.
 * Sockets with no reference but the lasting ones, and with empty queues, have nothing under way. That must hold twice,
 * LEAVING_GRACE_NS apart, because a timer is armed before its reference is taken and so hides another. */
#ifndef SIDECAR_ACCELERATION_LEAVING_H
#define SIDECAR_ACCELERATION_LEAVING_H

#include "gate.h"

/* Of an open socket in the SOCKHASH: one of its struct socket, one of its psock (sk_psock_init()). */
#define LASTING_REFERENCES 2

/* Armed timers hold a reference each (sk_reset_timer()). */
static __always_inline int timer_references(struct sock *sk)
{
	struct inet_connection_sock *icsk = (void *)sk;
	int armed = 0;

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

/* `holders`: references to `own` that the caller knows of. */
static __always_inline bool nothing_under_way(struct sock *own, struct sock *peer, int holders)
{
	if (passing_references(peer) != 0 || passing_references(own) != holders)
		return false;
	return fast_queue_empty(own) && fast_queue_empty(peer);
}

/* Forgets the peer: from now on the end is like one that was never joined, and a visit may join it again. */
static __always_inline void part(struct end *end, struct tcp_sock *tp)
{
	end->peer.cookie = 0;
	end->face.in_map = 0;
	end->joined = 0;
	if (end->departures < 6)
		end->departures++;
	end->seen_in = BPF_CORE_READ(tp, data_segs_in);
	end->seen_out = BPF_CORE_READ(tp, data_segs_out);
	mark_adopted(end, false);
}

static __always_inline bool leave(struct end *end, struct tcp_sock *tp)
{
	__u64 accepting = end->accepting ? end->face.cookie : end->peer.cookie;
	__u64 own = end->face.cookie, peer = end->peer.cookie;

	if (forget_original(accepting))
		return false;
	count_usage(-2);
	bpf_map_delete_elem(&sockets, &own);
	bpf_map_delete_elem(&sockets, &peer);
	COUNT(end->slot, left);
	part(end, tp);
	return true;
}

/* One look at a connection that may be on its way out of the map; true when this look took it out. */
static __always_inline bool try_to_leave(struct end *end, struct tcp_sock *tp, int holders)
{
	struct sock *peer = PEEKABLE(struct sock, end->peer.sock);
	__u64 now = bpf_ktime_get_ns();
	struct face face;

	if (!peer_face(end, &face) || !face.in_map || !is_peer(end, peer))
		return false;
	if (!end->face.leaving && face.leaving)
		begin_leaving(end, face.leaving);
	if (!end->face.leaving || !both_established(tp, peer))
		return false;
	watch_peer_stop(end, peer, now);
	if (!end->peer_stopped || !nothing_under_way((struct sock *)tp, peer, holders))
		end->quiet_since = 0;
	else if (!end->quiet_since)
		end->quiet_since = now;
	else if (now - end->quiet_since >= LEAVING_GRACE_NS)
		return leave(end, tp);
	return false;
}

/* An RTT callback of a joined connection: data has run over TCP. Where no program owns the socket's lock this is the
 * softirq, which holds a reference to it. */
static __always_inline void on_tcp_data(struct bpf_sock_ops *ops, struct end *end, struct tcp_sock *tp)
{
	int holders = tp->inet_conn.icsk_inet.sk.sk_lock.owned ? 0 : 1;

	if (try_to_leave(end, tp, holders))
		drop_rtt_callback(ops, end);
}

#endif
