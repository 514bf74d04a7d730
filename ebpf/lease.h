/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What unread redirected messages may cost, taken from the shares of the sender's pod and of the node before a message is
 * redirected. An end keeps its lease from message to message, so that one that takes turns touches no shared word; it takes more
 * when its messages or what lies unread grow, and gives back what it has not needed for a while, when it stops redirecting with
 * nothing unread, when it rests (scan.h), and when it closes. What lies unread after that is a debt of the socket where it lies. */
#ifndef SIDECAR_ACCELERATION_LEASE_H
#define SIDECAR_ACCELERATION_LEASE_H

#include "backlog.h"

/* One small message. 131,072 of them are what a node may cost by default. */
#define LEAST_LEASE 2048
/* Where several threads redirect, what is unread is known for sure only now and then. */
#define LEAST_SHARED_LEASE 32768
/* Messages that found the queue empty and the lease four times too large, before it shrinks. */
#define SHRINK_AFTER 16
/* 1 s to 10 s, by the kernel's HZ of 1000 to 100. */
#define IDLE_LEASE_JIFFIES 1000

static __always_inline void give_back(struct socket_state *state, __u64 bytes)
{
	if (!bytes)
		return;
	ADD_TO_SHARES(state->netns, -(__s64)bytes, unread);
	state->lease -= bytes;
}

/* Whether something that was redirected lies unread at the peer, which may be closed with its program still holding it. */
static __always_inline bool peer_holds(const struct socket_state *state)
{
	struct sock *peer = PEEKABLE(struct sock, state->peer.sock);

	return state->peer.cookie && is_peer(state, peer) && !fast_queue_empty(peer);
}

static __always_inline void give_back_unless_held(struct socket_state *state)
{
	if (state->lease && !peer_holds(state))
		give_back(state, state->lease);
}

/* The lease that an end is to have for what costs so much: a little more, so that it is not asked for with each message. */
static __always_inline __u64 wanted_lease(const struct socket_state *state, __u64 cost, const struct settings *settings)
{
	__u64 wanted = (cost + cost / 4 + LEAST_LEASE - 1) & ~(__u64)(LEAST_LEASE - 1);

	if (state->shared && wanted < LEAST_SHARED_LEASE)
		wanted = LEAST_SHARED_LEASE;
	if (wanted > settings->spill_bytes)
		wanted = settings->spill_bytes;
	return wanted < cost ? cost : wanted;
}

/* More than the end has, as it may seem: looks what lies unread, and takes more of the shares. REASON_NONE where the message fits,
 * or why not: REASON_ACCELERATED where it cannot be told now, and the connection is as good as before. */
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
	if (TAKE_OF_SHARES(state->netns, (__s64)wanted, unread, settings)) {
		state->lease += wanted;
		return REASON_NONE;
	}
	if (cost <= state->lease)
		return REASON_NONE;
	return told ? REASON_LIMIT_REACHED : REASON_ACCELERATED;
}

/* Whether a message may be redirected for what it costs: REASON_NONE, or the reason why not. */
static __always_inline enum reason find_room(struct socket_state *state, struct sock *peer, __u32 size, const struct settings *settings)
{
	__u64 cost = cost_with(state, size);

	if (cost <= state->lease && cost <= settings->spill_bytes && state->backlog_messages < MOST_UNREAD)
		return REASON_NONE;
	return make_room(state, peer, size, settings);
}

/* A message has found the peer's queue empty: what the lease has been too large by for a while is given back. */
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

/* An end that has redirected nothing for a while, and of whose messages none lies unread. */
static __always_inline void release_idle_lease(struct socket_state *state)
{
	if (state->lease && bpf_jiffies64() - state->shown.redirected >= IDLE_LEASE_JIFFIES)
		give_back_unless_held(state);
}

/* Gives back what is left to the account of a socket. Whoever deletes the row owns it. */
static __always_inline void pay_debt(__u64 cookie)
{
	struct debt *found = bpf_map_lookup_elem(&debts, &cookie), debt;

	if (!found)
		return;
	debt = *found;
	if (!bpf_map_delete_elem(&debts, &cookie))
		ADD_TO_SHARES(debt.netns, -(__s64)debt.bytes, unread);
}

/* An end closes: its messages may lie unread for long after. */
static __always_inline void close_lease(struct socket_state *state)
{
	struct debt debt = { .bytes = state->lease, .netns = state->netns };
	__u64 cookie = state->peer.cookie;

	if (!state->lease)
		return;
	/* Before 5.16 a socket that is reset and connects again keeps its cookie, and loses what an earlier peer has left there. */
	pay_debt(cookie);
	if (!peer_holds(state) || bpf_map_update_elem(&debts, &cookie, &debt, BPF_ANY)) {
		give_back(state, state->lease);
		return;
	}
	state->lease = 0;
	/* read or closed meanwhile */
	if (!peer_holds(state))
		pay_debt(cookie);
}

#endif
