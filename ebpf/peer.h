/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a socket shows its peer, and how a program reads it. The peer is read through the addresses of its identity. They may be stale; the
 * cookie tells whether what was read still belongs to the peer. */
#ifndef SIDECAR_ACCELERATION_PEER_H
#define SIDECAR_ACCELERATION_PEER_H

#include "refresh.h"
#include "state.h"

static __always_inline void set_peer(struct socket_state *state, const struct identity *peer)
{
	state->peer = *peer;
	state->peer_file = 0;
	state->epoch = NEVER_CHECKED;
	note_refresh(state);
	state->path = peer->netns == state->netns ? PATH_POD_LOCAL : PATH_NODE_LOCAL;
}

static __always_inline bool same_handshake(const struct handshake *a, const struct handshake *b)
{
	return a->client_next == b->client_next && a->server_next == b->server_next;
}

/* Reads the shown part of the peer's socket state. False where that memory belongs to something else by now, or where the peer's socket has
 * another connection. */
static __always_inline bool read_peer(const struct socket_state *state, struct shown *peer_shown)
{
	if (!peek_words((__u64 *)peer_shown, state->peer.state, sizeof(*peer_shown) / sizeof(__u64)))
		return false;
	return peer_shown->cookie == state->peer.cookie && same_handshake(&peer_shown->handshake, &state->shown.handshake);
}

/* Whether the socket at the peer's address is still the peer's. */
static __always_inline bool is_peer(const struct socket_state *state, struct sock *peer)
{
	return (__u64)PEEK(peer, __sk_common.skc_cookie.counter) == state->peer.cookie;
}

/* Whether no end has sent its FIN. Kernels before 5.16 drop unread redirected bytes when a half-closed reader reaches TIME_WAIT
 * (sock_map_unhash()). */
static __always_inline bool are_established(struct tcp_sock *own, struct sock *peer)
{
	return own->inet_conn.icsk_inet.sk.__sk_common.skc_state == BPF_TCP_ESTABLISHED && PEEK(peer, __sk_common.skc_state) == BPF_TCP_ESTABLISHED;
}

#endif
