/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a socket may enter the SOCKHASH, and how it enters when its connection opens. */
#ifndef SIDECAR_ACCELERATION_ENTRY_H
#define SIDECAR_ACCELERATION_ENTRY_H

#include "acceptors.h"
#include "state.h"
#include "unsupported.h"

/* Whether the bandwidth of a pod is limited. Redirected bytes do not meet the queues that limit it. */
static __always_inline bool is_shaped(__u32 netns)
{
	struct pod *pod = bpf_map_lookup_elem(&pods, &netns);

	return pod && pod->shaped;
}

/* Whether a connection between two pods has a limited bandwidth at one of them. `other`: the peer's network namespace, or 0. */
static __always_inline bool crosses_a_limit(const struct socket_state *state, __u32 other)
{
	return state->path == PATH_NODE_LOCAL && (is_shaped(state->netns) || (other && is_shaped(other)));
}

/* REASON_NONE for an end that may enter the SOCKHASH, or why not. */
static __always_inline enum reason reason_against_entry(const struct socket_state *state, struct tcp_sock *tp, const struct settings *settings)
{
	enum reason refusal;

	if (is_unsupported(tp))
		return REASON_UNSUPPORTED_SOCKET;
	if (!(settings->paths & state->path))
		return REASON_PATH_NOT_SELECTED;
	if (crosses_a_limit(state, state->peer.netns))
		return REASON_BANDWIDTH_LIMITED;
	/* Observe must change nothing, and the SOCKHASH changes a socket: FIONREAD, for example, may count less. */
	if (settings->mode != MODE_ACCELERATE)
		return REASON_OBSERVING;
	refusal = reason_by_traits(state->container);
	if (refusal != REASON_NONE)
		return refusal;
	if (is_unknown_reader(state, settings))
		return settings->unwatched ? REASON_UNWATCHED_READER : REASON_LEARNING;
	return has_place(state->netns, settings) ? REASON_NONE : REASON_LIMIT_REACHED;
}

static __always_inline void note_entered(struct socket_state *state)
{
	state->shown.in_map = 1;
	state->shown.leaving = REASON_NONE;
	state->shown.quiet = 0;
	state->shown.unproven = 0;
	state->unproven = 0;
	state->proven = 0;
	state->proving = 0;
	state->run = 0;
	state->run_bytes = 0;
	state->blocked = 0;
	state->drained = 1;
	state->samples = 0;
	state->held_since = 0;
	count_places(state->netns, 1);
}

/* Enters the SOCKHASH while the connection opens. REASON_PAIRING, or why not. */
static __always_inline enum reason enter_map(struct bpf_sock_ops *ops, struct socket_state *state, struct tcp_sock *tp,
					     const struct settings *settings)
{
	enum reason refusal = reason_against_entry(state, tp, settings);
	__u64 cookie = state->shown.cookie;

	if (refusal == REASON_NONE)
		refusal = reason_by_polling(state, tp, settings);
	if (refusal != REASON_NONE)
		return refusal;
	if (bpf_sock_hash_update(ops, &sockets, &cookie, BPF_NOEXIST))
		return REASON_SOCKET_IN_USE;
	note_entered(state);
	want_callbacks(ops, state, DATA_CALLBACKS);
	QUICKEN_TIMERS(ops, state);
	return REASON_PAIRING;
}

/* Takes an end out again to which no byte was ever redirected: a delete drops redirected bytes that are unread. */
static __always_inline void leave_map(struct socket_state *state)
{
	__u64 cookie = state->shown.cookie;

	if (!state->shown.in_map)
		return;
	state->shown.in_map = 0;
	bpf_map_delete_elem(&sockets, &cookie); /* since 5.16 the kernel may have done so at close() */
	count_places(state->netns, -1);
}

/* Gives back the places of both ends of a joined connection. Called by the program that has deleted the row of the connection. */
static __always_inline void give_places_back(const struct socket_state *state)
{
	count_places(state->netns, -1);
	count_places(state->peer.netns, -1);
}

#endif
