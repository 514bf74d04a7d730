/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What happens at each end when a connection opens, and at the first acknowledgement of its data. */
#ifndef SIDECAR_ACCELERATION_OPENING_H
#define SIDECAR_ACCELERATION_OPENING_H

#include "pairing.h"
#include "path.h"
#include "sampling.h"

static __always_inline void on_active_established(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp, const struct pod *pod,
						  const struct settings *settings)
{
	struct handshake handshake = { .client_next = ops->snd_nxt, .server_next = ops->rcv_nxt };
	__u32 netns = own_netns(tp);
	enum path_kind path;
	struct pending_connect connect = {};
	struct socket_state *state;

	read_local(ops, &connect.client);
	read_remote(ops, &connect.original);
	path = likely_path(tp, &connect.client.address, &connect.original.address);
	if (path != PATH_NONE)
		connect.reason = reason_by_history(netns, &connect.original, settings);
	if ((path == PATH_NONE || connect.reason == REASON_SHORT_LIVED) && may_sample(settings)) {
		begin_sample(ops, pod->slot, netns, false, path, &connect.original.address);
		return;
	}
	state = open_state(ops, sk, tp, pod, settings);
	if (!state)
		return;
	state->path = path;
	state->shown.handshake = handshake;
	if (is_under_repair(tp)) {
		set_reason(state, REASON_UNSUPPORTED_SOCKET);
		return;
	}
	if (path == PATH_NONE) {
		set_reason(state, reason_without_peer(&connect.original.address));
		return;
	}
	connect.identity = identity_of(state, tp);
	/* the limited bandwidth is the reason at once: no turns of the connection can change it */
	if (crosses_a_limit(state, netns_at(&connect.original.address)))
		connect.reason = REASON_BANDWIDTH_LIMITED;
	if (connect.reason == REASON_NONE || settings->mode != MODE_ACCELERATE)
		connect.reason = enter_map(ops, state, tp, settings);
	if (bpf_map_update_elem(&pending, &handshake, &connect, BPF_ANY)) {
		leave_map(state);
		connect.reason = REASON_LIMIT_REACHED;
	}
	if (connect.reason == REASON_LEARNING)
		QUICKEN_TIMERS(ops, state);
	set_reason(state, connect.reason);
}

static __always_inline void on_passive_established(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp, const struct pod *pod,
						   const struct settings *settings)
{
	struct handshake handshake = { .client_next = ops->rcv_nxt, .server_next = ops->snd_nxt };
	__u32 netns = own_netns(tp);
	struct endpoint remote = {};
	struct pending_connect connect = {};
	bool paired, unpairable = used_fast_open(tp) || is_under_repair(tp);
	enum reason reason;
	struct socket_state *state;

	read_remote(ops, &remote);
	paired = take_pending_connect(&handshake, netns, &remote.address, &connect);
	/* a connecting end in a selected pod leaves no pending connect where it takes its connection for a short one */
	if (!paired && !unpairable && may_sample(settings)) {
		begin_sample(ops, pod->slot, netns, true, path_from(&remote.address), &remote.address);
		return;
	}
	state = open_state(ops, sk, tp, pod, settings);
	if (!state)
		return;
	state->accepting = 1;
	state->shown.handshake = handshake;
	if (unpairable) {
		set_reason(state, REASON_UNSUPPORTED_SOCKET);
		return;
	}
	if (!paired) {
		set_reason(state, reason_without_peer(&remote.address));
		return;
	}
	if (reason_by_acceptor(state->container) == REASON_LEARNING) {
		state->acceptor_unknown = 1;
		want_callbacks(ops, state, BPF_SOCK_OPS_RTT_CB_FLAG);
	}
	set_peer(state, &connect.identity);
	reason = join_accepting_end(ops, state, tp, &connect, settings);
	if (reason != REASON_ACCELERATED)
		state->peer.cookie = 0;
	if (reason == REASON_LEARNING)
		QUICKEN_TIMERS(ops, state);
	set_reason(state, reason);
}

/* Runs at a connecting end when its data is acknowledged first. By then the accepting end has been established. If the connecting end still has no
 * peer, its peer cannot pair. Then the connecting end leaves the SOCKHASH, where each message costs more. */
static __always_inline void on_first_answer(struct bpf_sock_ops *ops, struct socket_state *state, struct tcp_sock *tp)
{
	enum reason reason = stop_waiting(state, &state->shown.handshake);

	leave_map(state);
	set_reason(state, used_fast_open(tp) ? REASON_UNSUPPORTED_SOCKET : reason);
	drop_data_callbacks(ops, state);
	RESTORE_TIMERS(ops, state);
}

/* Runs when the first data of an accepting end that is not in the SOCKHASH is acknowledged. By then its program has set the socket's options. */
static __always_inline void on_first_own_answer(struct bpf_sock_ops *ops, struct socket_state *state, struct tcp_sock *tp)
{
	learn_from_accepted(state, (struct sock *)tp);
	if (state->reason == REASON_LEARNING && reason_by_acceptor(state->container) == REASON_BLOCKING_READER)
		set_reason(state, REASON_BLOCKING_READER);
	drop_data_callbacks(ops, state);
}

#endif
