/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Takes a connection out of the SOCKHASH while it is open, once both ends are leaving and nothing is under way. That happens in a callback of
 * data that ran over TCP, or in a scan. */
#ifndef SIDECAR_ACCELERATION_DEPARTURE_H
#define SIDECAR_ACCELERATION_DEPARTURE_H

#include "entry.h"
#include "lease.h"
#include "leaving.h"
#include "origdst.h"
#include "spliced.h"

/* Remembers for the container of an accepting end that it blocks, where the connection leaves because one of its readers does. Only the end's own
 * socket tells: what a peer's address shows may belong to another program by now, and a row outlives the connection. */
static __always_inline void learn_from_departure(struct socket_state *state, struct sock *sk)
{
	if (state->accepting && state->reason == REASON_BLOCKING_READER)
		learn_from_accepted(state, sk);
}

/* Forgets the peer. From now on the connection end is like one that was never joined, and a scan may adopt it again. */
static __always_inline void forget_peer(struct socket_state *state, struct tcp_sock *tp, const struct shown *peer_shown)
{
	give_back(state, state->lease);
	unlist_spliced(state->shown.cookie);
	learn_from_departure(state, (struct sock *)tp);
	state->peer.cookie = 0;
	state->shown.in_map = 0;
	state->joined = 0;
	/* a connection that left by an order, and not as a stream, may join again as soon as before */
	if (state->reason == REASON_ONE_WAY && state->departures < 6)
		state->departures++;
	state->unproven = peer_shown->unproven;
	state->seen_in = BPF_CORE_READ(tp, data_segs_in);
	state->seen_out = BPF_CORE_READ(tp, data_segs_out);
	mark_adopted(state, false);
}

/* The key of the connection's row in origdsts: the cookie of its accepting end. */
static __always_inline __u64 row_of(const struct socket_state *state)
{
	return state->accepting ? state->shown.cookie : state->peer.cookie;
}

/* False where the peer has taken the connection out, or closed it, at the same time. */
static __always_inline bool take_out(struct socket_state *state, struct tcp_sock *tp, const struct shown *peer_shown)
{
	__u64 own = state->shown.cookie, peer = state->peer.cookie;

	if (forget_original(row_of(state)))
		return false;
	give_places_back(state);
	bpf_map_delete_elem(&sockets, &own);
	bpf_map_delete_elem(&sockets, &peer);
	COUNT(state->slot, left);
	forget_peer(state, tp, peer_shown);
	return true;
}

/* Takes the connection out if it is leaving and nothing is under way; true where it did. */
static __always_inline bool try_to_leave(struct socket_state *state, struct tcp_sock *tp, int holders)
{
	struct sock *peer = PEEKABLE(struct sock, state->peer.sock);
	struct shown peer_shown;

	if (!read_peer(state, &peer_shown) || !peer_shown.in_map || !is_peer(state, peer))
		return false;
	if (!state->shown.leaving && peer_shown.leaving)
		begin_leaving(state, peer_shown.leaving);
	if (!state->shown.leaving)
		return false;
	return claim_quiet_outside(state, (struct sock *)tp, peer, &peer_shown, holders) && take_out(state, tp, &peer_shown);
}

/* Whether the peer has taken the connection out. */
static __always_inline bool was_taken_out(const struct socket_state *state)
{
	__u64 accepting = row_of(state);

	return state->joined && state->peer.cookie && !bpf_map_lookup_elem(&origdsts, &accepting);
}

/* Leaves the SOCKHASH after the peer has deleted both ends from it. The reason is that of the end which began to leave. */
static __always_inline void follow_peer_out(struct socket_state *state, struct tcp_sock *tp)
{
	enum reason reason = state->shown.leaving;
	struct shown peer_shown;

	if (!read_peer(state, &peer_shown))
		__builtin_memset(&peer_shown, 0, sizeof(peer_shown));
	if (!reason)
		reason = peer_shown.leaving;
	set_reason(state, reason ? reason : REASON_ONE_WAY);
	forget_peer(state, tp, &peer_shown);
}

/* Data of a joined connection has run over TCP, or is sent again because hold.h dropped it. Where no program owns the lock of the socket, this runs
 * in a softirq, which holds a reference to the socket. */
static __always_inline void on_tcp_data(struct bpf_sock_ops *ops, struct socket_state *state, struct tcp_sock *tp)
{
	int holders = tp->inet_conn.icsk_inet.sk.sk_lock.owned ? 0 : 1;

	if (was_taken_out(state)) {
		follow_peer_out(state, tp);
	} else if (!try_to_leave(state, tp, holders)) {
		return;
	}
	drop_data_callbacks(ops, state);
	RESTORE_TIMERS(ops, state);
}

#endif
