/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lease of an end: what its unread redirected messages may cost. It is taken from the shares of its pod and of the node before a message is
 * redirected. An end keeps its lease from message to message, so that a connection that takes turns touches no word that processors share.
 *
 * The lease grows when messages or the backlog grow. The end gives back what it has not needed for a while; it gives back all when it stops
 * redirecting with nothing unread, when a scan finds it idle (scan.h), and when it closes. Messages that are unread when it closes become a debt
 * of the socket where they lie. */
#ifndef SIDECAR_ACCELERATION_LEASE_H
#define SIDECAR_ACCELERATION_LEASE_H

#include "backlog.h"

/* The cost of one small message. By default a node's limit is 131,072 of them: as many as there are ends in the SOCKHASH. */
#define LEAST_LEASE 1536
#define LEASE_STEP 512
/* Where several threads redirect, the backlog is known for sure only now and then. */
#define LEAST_SHARED_LEASE 32768
/* A part of the lease is given back after this many messages in a row that found the queue empty and the lease four times too large. */
#define SHRINK_AFTER 16
/* 1 s to 10 s, by the kernel's HZ of 1000 to 100. */
#define IDLE_LEASE_JIFFIES 1000

static __always_inline void give_back(struct socket_state *state, __u64 bytes)
{
	if (!bytes)
		return;
	add_unread(state->netns, state->peer.netns, -(__s64)bytes);
	state->lease -= bytes;
}

/* Whether redirected messages lie unread at the peer. The peer's socket may be closed while its program still holds it. */
static __always_inline bool peer_holds(const struct socket_state *state)
{
	struct sock *peer = PEEKABLE(struct sock, state->peer.sock);

	return state->peer.cookie && is_peer(state, peer) && !is_psock_queue_empty(peer);
}

static __always_inline void give_back_unless_held(struct socket_state *state)
{
	if (state->lease && !peer_holds(state))
		give_back(state, state->lease);
}

/* The lease that an end should have for such a cost. It is a little more, so that the end need not take more with each message. */
static __always_inline __u64 wanted_lease(const struct socket_state *state, __u64 cost, const struct settings *settings)
{
	__u64 wanted = (cost + cost / 4 + LEASE_STEP - 1) & ~(__u64)(LEASE_STEP - 1);

	if (wanted < LEAST_LEASE)
		wanted = LEAST_LEASE;
	if (state->shared && wanted < LEAST_SHARED_LEASE)
		wanted = LEAST_SHARED_LEASE;
	if (wanted > settings->spill_bytes)
		wanted = settings->spill_bytes;
	return wanted < cost ? cost : wanted;
}

/* Counts the backlog again for a message that seems to cost more than the lease, and takes more of the shares. REASON_NONE where the message
 * fits, or why not. REASON_ACCELERATED means that the backlog cannot be counted now; the connection may go on. */
static __always_inline enum reason make_room(struct socket_state *state, struct sock *peer, __u32 size, const struct settings *settings)
{
	bool told = recount(state, peer);
	__u64 cost, wanted;

	cost = cost_with(state, size);
	if (state->backlog_messages && (state->backlog_messages >= MOST_UNREAD || cost > settings->spill_bytes))
		return told ? REASON_ONE_WAY : REASON_ACCELERATED;
	wanted = wanted_lease(state, cost, settings);
	if (wanted <= state->lease)
		return REASON_NONE;
	wanted -= state->lease;
	if (take_unread(state->netns, state->peer.netns, (__s64)wanted, settings)) {
		state->lease += wanted;
		return REASON_NONE;
	}
	if (cost <= state->lease)
		return REASON_NONE;
	return told ? REASON_LIMIT_REACHED : REASON_ACCELERATED;
}

/* REASON_NONE for a message that may be redirected for what it costs, or why not (make_room()). */
static __always_inline enum reason find_room(struct socket_state *state, struct sock *peer, __u32 size, const struct settings *settings)
{
	__u64 cost = cost_with(state, size);

	if (cost <= state->lease && cost <= settings->spill_bytes && state->backlog_messages < MOST_UNREAD)
		return REASON_NONE;
	return make_room(state, peer, size, settings);
}

/* Called for a message that has found the peer's queue empty: gives half of a lease back that has been much too large for a while. */
static __always_inline void shrink_lease(struct socket_state *state, __u32 size)
{
	__u64 cost = size + SK_MSG_BYTES;

	if (state->lease <= LEAST_LEASE || state->lease < 4 * cost || (state->shared && state->lease <= LEAST_SHARED_LEASE)) {
		state->oversized = 0;
		return;
	}
	if (++state->oversized < SHRINK_AFTER)
		return;
	state->oversized = 0;
	give_back(state, state->lease / 2);
}

/* Gives back the lease of a connection end that has redirected nothing for IDLE_LEASE_JIFFIES and has no unread message at its peer. */
static __always_inline void release_idle_lease(struct socket_state *state)
{
	if (state->lease && bpf_jiffies64() - state->shown.redirected >= IDLE_LEASE_JIFFIES)
		give_back_unless_held(state);
}

/* Gives back the debt of a socket, if it has one. The program that deletes the row gives it back. */
static __always_inline void pay_debt(__u64 cookie)
{
	struct debt *found = bpf_map_lookup_elem(&debts, &cookie), debt;

	if (!found)
		return;
	debt = *found;
	if (!bpf_map_delete_elem(&debts, &cookie))
		add_unread(debt.netns, debt.reader, -(__s64)debt.bytes);
}

/* Called when an end closes: gives its lease back, or makes it a debt of the peer's socket, where messages may lie unread for long after. */
static __always_inline void close_lease(struct socket_state *state)
{
	struct debt debt = { .bytes = state->lease, .netns = state->netns, .reader = state->peer.netns };
	__u64 cookie = state->peer.cookie;

	if (!state->lease)
		return;
	/* Before 5.16 a socket that is reset and connects again keeps its cookie, and drops the unread messages of its earlier peer: so that
	 * peer's debt is paid. */
	pay_debt(cookie);
	if (!peer_holds(state) || bpf_map_update_elem(&debts, &cookie, &debt, BPF_ANY)) {
		give_back(state, state->lease);
		return;
	}
	state->lease = 0;
	/* the peer has read the messages, or closed, meanwhile */
	if (!peer_holds(state))
		pay_debt(cookie);
}

#endif
