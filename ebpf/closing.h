/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Closing of a socket that has a socket state: it gives back its places within the limits, its lease is given back or becomes a debt, and its number
 * of turns goes into the history of its destination. */
#ifndef SIDECAR_ACCELERATION_CLOSING_H
#define SIDECAR_ACCELERATION_CLOSING_H

#include "history.h"
#include "lease.h"
#include "pairing.h"
#include "spliced.h"

/* After a reset, a socket in the SOCKHASH has one error more than a TCP socket: tcp_bpf_sendmsg() reports it and does not clear it. Where nothing is
 * unread in its psock queue, the socket leaves the SOCKHASH and is TCP's again. */
static __always_inline void leave_if_reset(const struct socket_state *state, struct sock *sk)
{
	__u64 cookie = state->shown.cookie;

	if (sk->sk_err && state->shown.in_map && is_psock_queue_empty(sk))
		bpf_map_delete_elem(&sockets, &cookie);
}

/* Gives back everything that a connection end holds except its lease. The end of a joined connection is not deleted from the SOCKHASH, because
 * redirected bytes may be unread there. The kernel takes the socket out when its program closes it. */
static __always_inline void release_all(struct socket_state *state)
{
	__u64 peer = state->peer.cookie;

	if (state->shown.in_map)
		unlist_spliced(state->shown.cookie);
	if (state->accepting && !forget_original(state->shown.cookie))
		give_places_back(state);
	else if (!state->joined)
		leave_map(state);
	if (state->accepting && !state->joined && peer)
		bpf_map_delete_elem(&pairing_results, &peer);
	state->shown.in_map = 0;
	state->peer.cookie = 0;
}

static __always_inline void close_connection(struct bpf_sock_ops *ops, struct socket_state *state, struct tcp_sock *tp)
{
	struct handshake handshake = state->shown.handshake;
	struct endpoint original = {};

	/* from here on the peer sees that this end is closed. What the peer leaves for this end later, the peer takes back itself */
	__builtin_memset(&state->shown.handshake, 0, sizeof(state->shown.handshake));
	if (!state->accepting && state->path != PATH_NONE) {
		if (!take_pairing_result(state))
			stop_waiting(state, &handshake);
		read_remote(ops, &original);
		learn_from(state->netns, &original, tp, state->turns, state->departures);
	}
	release_all(state);
	mark_adopted(state, false);
	count_sent(state, tp);
	set_reason(state, REASON_NONE);
}

/* Runs when a socket enters TCP_CLOSE: gives back what its connection end holds, and deletes its socket state. */
static __always_inline void close_socket(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct socket_state *state, struct tcp_sock *tp)
{
	__u64 cookie = state->shown.cookie;

	leave_if_reset(state, (struct sock *)tp);
	close_lease(state);
	close_connection(ops, state, tp);
	if (is_psock_queue_empty((struct sock *)tp))
		pay_debt(cookie);
	give_back_end(state->netns);
	bpf_sk_storage_delete(&socket_states, sk);
}

#endif
