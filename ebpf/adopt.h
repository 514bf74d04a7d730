/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Adoption: how a connection is joined that is already open. Scans take it step by step:
 *   1. follow_open_socket() (state.h) gives each end a socket state, where it has none;
 *   2. offer_candidate(): a connecting end that is worth joining puts itself into `candidates`;
 *   3. adopt_accepting_end(): its accepting end takes that row, enters the SOCKHASH, and leaves a pairing result;
 *   4. adopt_connecting_end(): the connecting end takes the result, enters the SOCKHASH, and writes the row that makes the connection joined.
 *
 * The two ends find each other by the numbers of their handshake, which an open socket still tells: the first byte sent is snd_una - bytes_acked, the
 * first byte received is rcv_nxt - bytes_received (RFC 4898 counters, net/ipv4/tcp_input.c). */
#ifndef SIDECAR_ACCELERATION_ADOPT_H
#define SIDECAR_ACCELERATION_ADOPT_H

#include "history.h"
#include "pairing.h"
#include "path.h"
#include "turns.h"

/* The handshake of an open socket, as if it had accepted. Where it has connected, the SYN counts as acknowledged, so its own number is one less. */
static __always_inline struct handshake handshake_as_accepting(struct tcp_sock *tp)
{
	struct handshake handshake = {
		.client_next = BPF_CORE_READ(tp, rcv_nxt) - (__u32)BPF_CORE_READ(tp, bytes_received),
		.server_next = BPF_CORE_READ(tp, snd_una) - (__u32)BPF_CORE_READ(tp, bytes_acked),
	};

	return handshake;
}

static __always_inline struct handshake handshake_as_connecting(struct tcp_sock *tp)
{
	struct handshake mirrored = handshake_as_accepting(tp);
	struct handshake handshake = { .client_next = mirrored.server_next + 1, .server_next = mirrored.client_next };

	return handshake;
}

static __always_inline bool is_known(const struct handshake *handshake)
{
	return handshake->client_next || handshake->server_next;
}

/* Checks again whether an end without a peer can be joined, when the selection has changed. */
static __always_inline void reconsider(struct socket_state *state, struct tcp_sock *tp, const struct address *local, const struct endpoint *remote,
				       const struct settings *settings)
{
	enum reason reason;

	if (state->epoch == settings->epoch ||
	    (state->reason != REASON_PEER_NOT_SELECTED && state->reason != REASON_PEER_ELSEWHERE && state->reason != REASON_PATH_NOT_SELECTED &&
	     state->reason != REASON_PEER_OWN_KERNEL && state->reason != REASON_UNWATCHED_READER))
		return;
	state->epoch = settings->epoch;
	state->path = likely_path(tp, local, &remote->address);
	reason = state->path == PATH_NONE ? reason_without_peer(&remote->address) : reason_by_history(state->netns, remote, settings);
	set_reason(state, reason == REASON_NONE ? REASON_LEARNING : reason);
}

/* Enters the SOCKHASH while the connection is open. REASON_NONE, or why not. */
static __always_inline enum reason enter_map_later(struct socket_state *state, struct tcp_sock *tp, struct sock *sk, const struct settings *settings)
{
	int had = BPF_CORE_READ(tp, bpf_sock_ops_cb_flags), flags = had | DATA_CALLBACKS;
	enum reason refusal = reason_against_entry(state, tp, settings);
	__u64 cookie = state->shown.cookie;

	if (refusal != REASON_NONE)
		return refusal;
	if (!reads_safely(sk))
		return REASON_BLOCKING_READER;
	if (bpf_map_update_elem(&sockets, &cookie, tp, BPF_NOEXIST))
		return REASON_SOCKET_IN_USE;
	/* refused before 6.12; without these callbacks a connection leaves the SOCKHASH by scans alone */
	if (had != flags && !bpf_setsockopt(tp, SOL_TCP, TCP_BPF_SOCK_OPS_CB_FLAGS, &flags, sizeof(flags)))
		state->own_callbacks |= flags & ~had;
	note_entered(state);
	if (state->quick_timers && BPF_CORE_READ(tp, data_segs_out) >= TIMER_SAMPLES)
		state->samples = TIMER_SAMPLES; /* TCP has measured its timer by each segment since the connection was learnt */
	QUICKEN_TIMERS(tp, state);
	return REASON_NONE;
}

/* Takes an end out of `candidates` that took itself for the connecting end of its connection and is the accepting end. */
static __always_inline void withdraw_candidate(struct socket_state *state)
{
	if (state->candidate)
		bpf_map_delete_elem(&candidates, &state->shown.handshake);
	state->candidate = 0;
}

/* Takes the row of a candidate whose accepting end this socket is; false where there is none. */
static __always_inline bool take_candidate(const struct handshake *handshake, const struct address *remote, __u32 netns,
					   struct pending_connect *connect)
{
	struct pending_connect *found = bpf_map_lookup_elem(&candidates, handshake);

	if (!found || !have_each_others_address(found, netns, remote))
		return false;
	*connect = *found;
	return !bpf_map_delete_elem(&candidates, handshake);
}

/* The accepting end's step of an adoption: it enters the SOCKHASH. It leaves a pairing result for the connecting end: its identity, or the reason
 * why the connection stays on TCP. */
static __always_inline bool adopt_accepting_end(struct socket_state *state, struct tcp_sock *tp, struct sock *sk,
						const struct pending_connect *connect, const struct handshake *handshake,
						const struct settings *settings)
{
	struct pairing_result result = {};
	__u64 client = connect->identity.cookie;
	enum reason refusal;

	withdraw_candidate(state);
	state->shown.handshake = *handshake;
	set_peer(state, &connect->identity);
	state->accepting = 1;
	refusal = enter_map_later(state, tp, sk, settings);
	result.identity = identity_of(state, tp);
	result.path = state->path;
	result.reason = refusal;
	if (refusal != REASON_NONE)
		result.identity.cookie = 0;
	if (bpf_map_update_elem(&pairing_results, &client, &result, BPF_ANY)) {
		leave_map(state);
		refusal = REASON_LIMIT_REACHED;
	}
	if (refusal != REASON_NONE) {
		state->peer.cookie = 0;
		set_reason(state, refusal);
	}
	return true;
}

/* The last step, of the connecting end. After it messages are redirected. */
static __always_inline bool adopt_connecting_end(struct socket_state *state, struct tcp_sock *tp, struct sock *sk,
						 const struct pairing_result *result, const struct endpoint *local, const struct endpoint *remote,
						 const struct settings *settings)
{
	struct origdst row = {
		.client_cookie = state->shown.cookie, .slot = state->slot, .path = result->path, .client = *local, .original = *remote
	};
	struct sock *peer = (void *)result->identity.sock;
	__u64 accepting = result->identity.cookie;
	struct target target = target_of(state->netns, remote);
	struct endpoint other;
	struct shown peer_shown;
	enum reason refusal = result->reason;

	if (accepting) {
		set_peer(state, &result->identity);
		refusal = enter_map_later(state, tp, sk, settings);
		socket_endpoints(peer, &row.redirected, &other);
		if (refusal == REASON_NONE && bpf_map_update_elem(&origdsts, &accepting, &row, BPF_NOEXIST)) {
			leave_map(state);
			refusal = REASON_LIMIT_REACHED;
		}
		/* the accepting end may have closed before it could see the row: the program that deletes the row cleans up */
		if (refusal == REASON_NONE && !read_peer(state, &peer_shown) && !forget_original(accepting)) {
			leave_map(state);
			refusal = REASON_PEER_NOT_SELECTED;
		}
	}
	if (refusal != REASON_NONE) {
		state->peer.cookie = 0;
		set_reason(state, refusal);
		return true;
	}
	state->joined = 1;
	remember_turns(&target, WEIGHTIEST_TURNS, REASON_SHORT_LIVED, true);
	set_reason(state, REASON_ACCELERATED);
	mark_adopted(state, true);
	return true;
}

/* Whether a connection end that stays on TCP for this reason may still be joined: it may look for the other end of its connection. */
static __always_inline bool may_still_join(enum reason reason)
{
	return reason == REASON_LEARNING || reason == REASON_SHORT_LIVED || reason == REASON_ONE_WAY || reason == REASON_OBSERVING ||
	       reason == REASON_LIMIT_REACHED;
}

/* Whether the other end of the connection may still find this end. With REASON_PEER_NOT_SELECTED this end has looked for its peer in vain, but it
 * may have looked too early. */
static __always_inline bool may_be_found(enum reason reason)
{
	return may_still_join(reason) || reason == REASON_PEER_NOT_SELECTED;
}

/* The connecting end's step of an adoption, when the connection is worth joining: it enters `candidates`. False where it has been a candidate
 * since the last scan: by then every selected pod was scanned, and none has its accepting end. */
static __always_inline bool offer_candidate(struct socket_state *state, struct tcp_sock *tp, const struct endpoint *local,
					    const struct endpoint *remote, struct pending_connect *connect)
{
	if (!is_known(&state->shown.handshake))
		state->shown.handshake = handshake_as_connecting(tp);
	connect->identity = identity_of(state, tp);
	connect->client = *local;
	connect->original = *remote;
	if (!bpf_map_update_elem(&candidates, &state->shown.handshake, connect, BPF_NOEXIST)) {
		state->candidate = 1;
		return true;
	}
	withdraw_candidate(state);
	set_reason(state, used_fast_open(tp) ? REASON_UNSUPPORTED_SOCKET : REASON_PEER_NOT_SELECTED);
	return false;
}

/* Takes the next step in the adoption of a connection end that is open and not joined. True where there was a step to take. */
static __always_inline bool adopt(struct socket_state *state, struct tcp_sock *tp, struct sock *sk, const struct endpoint *local,
				  const struct endpoint *remote, const struct settings *settings)
{
	__u64 cookie = state->shown.cookie;
	struct handshake handshake;
	struct pairing_result *result, taken;
	struct pending_connect connect = {};

	if (!may_be_found(state->reason))
		return false;
	result = bpf_map_lookup_elem(&pairing_results, &cookie);
	if (result) {
		taken = *result;
		bpf_map_delete_elem(&pairing_results, &cookie);
		return adopt_connecting_end(state, tp, sk, &taken, local, remote, settings);
	}
	handshake = state->accepting && is_known(&state->shown.handshake) ? state->shown.handshake : handshake_as_accepting(tp);
	if (take_candidate(&handshake, &remote->address, state->netns, &connect))
		return adopt_accepting_end(state, tp, sk, &connect, &handshake, settings);
	if (state->accepting || !may_still_join(state->reason) || is_unknown_reader(state, settings) || !measure_turns(state, tp))
		return false;
	return offer_candidate(state, tp, local, remote, &connect);
}

#endif
