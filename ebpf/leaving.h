/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking a connection out of the map while it is open.
 *
 * Deleting a socket from the SOCKHASH drops redirected bytes that are unread or on their way. So first both ends are to
 * leave (`leaving`): they redirect only as long as the other has redirected bytes unread (gate.h). Then data runs over TCP and
 * its callbacks fire; and there, or at a visit, both are deleted once nothing is under way (quiet.h). */
#ifndef SIDECAR_ACCELERATION_LEAVING_H
#define SIDECAR_ACCELERATION_LEAVING_H

#include "gate.h"

/* Forgets the peer: from now on the end is like one that was never joined, and a visit may join it again. `peer`: what the peer shows. */
static __always_inline void forget_peer(struct socket_state *state, struct tcp_sock *tp, const struct shown *peer)
{
	give_back(state, state->lease);
	state->peer.cookie = 0;
	state->shown.in_map = 0;
	state->joined = 0;
	/* one that was told to leave by an order is as welcome as before */
	if (state->reason == REASON_ONE_WAY && state->departures < 6)
		state->departures++;
	state->unproven = peer->unproven;
	state->seen_in = BPF_CORE_READ(tp, data_segs_in);
	state->seen_out = BPF_CORE_READ(tp, data_segs_out);
	mark_adopted(state, false);
}

/* Of the accepting end: the key of the connection's row in origdsts. */
static __always_inline __u64 row_of(const struct socket_state *state)
{
	return state->accepting ? state->shown.cookie : state->peer.cookie;
}

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

/* One look at a connection that may be on its way out of the map; true when this look took it out. */
static __always_inline bool try_to_leave(struct socket_state *state, struct tcp_sock *tp, int holders)
{
	struct sock *peer = PEEKABLE(struct sock, state->peer.sock);
	struct shown peer_shown;

	if (!read_peer(state, &peer_shown) || !peer_shown.in_map || !is_peer(state, peer))
		return false;
	if (!state->shown.leaving && peer_shown.leaving)
		begin_leaving(state, peer_shown.leaving);
	if (!state->shown.leaving || !are_established(tp, peer))
		return false;
	return claim_quiet_outside(state, (struct sock *)tp, peer, &peer_shown, holders) && take_out(state, tp, &peer_shown);
}

/* An end whose connection was taken out of the map by its peer. */
static __always_inline bool was_taken_out(const struct socket_state *state)
{
	__u64 accepting = row_of(state);

	return state->joined && state->peer.cookie && !bpf_map_lookup_elem(&origdsts, &accepting);
}

/* The reason is that of whichever end began to leave. */
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

/* Data of a joined connection has run over TCP, or is sent again because hold.h dropped it. Where no program owns the
 * socket's lock this is a softirq, which holds a reference to it. */
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

/* The end of an end, and of the memory that it took. */
static __always_inline void close_socket(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct socket_state *state, struct tcp_sock *tp)
{
	__u64 cookie = state->shown.cookie;

	leave_if_reset(state, (struct sock *)tp);
	close_lease(state);
	close_connection(ops, state, tp);
	if (fast_queue_empty((struct sock *)tp))
		pay_debt(cookie);
	give_back_end(state->netns);
	bpf_sk_storage_delete(&socket_states, sk);
}

#endif
