/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What unread redirected messages may cost, taken from the shares of the sender's pod and of the node before a message is
 * redirected. An end keeps its lease from message to message, so that one that takes turns touches no shared word; it takes more
 * when its messages or what lies unread grow, and gives back what it has not needed for a while, when it stops redirecting with
 * nothing unread, when it rests (visit.h), and when it closes. What lies unread after that is a debt of the socket where it lies. */
#ifndef SIDECAR_ACCELERATION_LEASE_H
#define SIDECAR_ACCELERATION_LEASE_H

#include "backlog.h"

/* One small message. 131,072 of them are what a node may cost by default. */
#define LEAST_LEASE 2048
/* Where several threads redirect, what is unread is known for sure only now and then. */
#define LEAST_SHARED_LEASE 32768
/* Messages that found the queue empty and the lease four times too large, before it shrinks. */
#define SPARED_FOR_GOOD 16
/* 1 s to 10 s, by the kernel's HZ of 1000 to 100. */
#define REST_JIFFIES 1000

static __always_inline void give_back(struct end *end, __u64 bytes)
{
	if (!bytes)
		return;
	ADD_TO_SHARES(end->netns, -(__s64)bytes, unread);
	end->lease -= bytes;
}

/* Whether something that was redirected lies unread at the peer, which may be closed with its program still holding it. */
static __always_inline bool peer_holds(const struct end *end)
{
	struct sock *peer = PEEKABLE(struct sock, end->peer.sock);

	return end->peer.cookie && is_peer(end, peer) && !fast_queue_empty(peer);
}

static __always_inline void give_back_unless_held(struct end *end)
{
	if (end->lease && !peer_holds(end))
		give_back(end, end->lease);
}

/* The lease that an end is to have for what costs so much: a little more, so that it is not asked for with each message. */
static __always_inline __u64 wanted_lease(const struct end *end, __u64 cost, const struct settings *settings)
{
	__u64 wanted = (cost + cost / 4 + LEAST_LEASE - 1) & ~(__u64)(LEAST_LEASE - 1);

	if (end->shared && wanted < LEAST_SHARED_LEASE)
		wanted = LEAST_SHARED_LEASE;
	if (wanted > settings->spill_bytes)
		wanted = settings->spill_bytes;
	return wanted < cost ? cost : wanted;
}

/* More than the end has, as it may seem: looks what lies unread, and takes more of the shares. STANDING_NONE where the message fits,
 * or why not: STANDING_ACCELERATED where it cannot be told now, and the connection is as good as before. */
static __always_inline enum standing make_room(struct end *end, struct sock *peer, __u32 size, const struct settings *settings)
{
	bool told = recount(end, peer);
	__u64 cost, wanted;

	cost = cost_with(end, size);
	if (end->backlog_messages && (end->backlog_messages >= MOST_UNREAD || cost > settings->spill_bytes))
		return told ? STANDING_ONE_WAY : STANDING_ACCELERATED;
	wanted = wanted_lease(end, cost, settings);
	if (wanted <= end->lease)
		return STANDING_NONE;
	wanted -= end->lease;
	if (TAKE_OF_SHARES(end->netns, (__s64)wanted, unread, settings)) {
		end->lease += wanted;
		return STANDING_NONE;
	}
	if (cost <= end->lease)
		return STANDING_NONE;
	return told ? STANDING_LIMIT_REACHED : STANDING_ACCELERATED;
}

/* Whether a message may be redirected for what it costs: STANDING_NONE, or the reason why not. */
static __always_inline enum standing find_room(struct end *end, struct sock *peer, __u32 size, const struct settings *settings)
{
	__u64 cost = cost_with(end, size);

	if (cost <= end->lease && cost <= settings->spill_bytes && end->backlog_messages < MOST_UNREAD)
		return STANDING_NONE;
	return make_room(end, peer, size, settings);
}

/* A message has found the peer's queue empty: what the lease has been too large by for a while is given back. */
static __always_inline void spare(struct end *end, __u32 size)
{
	__u64 cost = size + SK_MSG_BYTES;

	if (end->lease <= LEAST_LEASE || end->lease < 4 * cost || (end->shared && end->lease <= LEAST_SHARED_LEASE)) {
		end->spared = 0;
		return;
	}
	if (++end->spared < SPARED_FOR_GOOD)
		return;
	end->spared = 0;
	give_back(end, end->lease / 2);
}

/* An end that has redirected nothing for a while, and of whose messages none lies unread. */
static __always_inline void rest(struct end *end)
{
	if (end->lease && bpf_jiffies64() - end->face.redirected >= REST_JIFFIES)
		give_back_unless_held(end);
}

/* Gives back what is left to the account of a socket. Whoever deletes the row owns it. */
static __always_inline void settle_debt(__u64 cookie)
{
	struct debt *found = bpf_map_lookup_elem(&debts, &cookie), debt;

	if (!found)
		return;
	debt = *found;
	if (!bpf_map_delete_elem(&debts, &cookie))
		ADD_TO_SHARES(debt.netns, -(__s64)debt.bytes, unread);
}

/* An end closes: its messages may lie unread for long after. */
static __always_inline void close_lease(struct end *end)
{
	struct debt debt = { .bytes = end->lease, .netns = end->netns };
	__u64 cookie = end->peer.cookie;

	if (!end->lease)
		return;
	/* Before 5.16 a socket that is reset and connects again keeps its cookie, and loses what an earlier peer has left there. */
	settle_debt(cookie);
	if (!peer_holds(end) || bpf_map_update_elem(&debts, &cookie, &debt, BPF_ANY)) {
		give_back(end, end->lease);
		return;
	}
	end->lease = 0;
	/* read or closed meanwhile */
	if (!peer_holds(end))
		settle_debt(cookie);
}

#endif
