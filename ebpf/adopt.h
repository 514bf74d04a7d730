/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Joining connections that are open. Both ends are found by the numbers of their handshake, which a socket still tells:
 * the first byte sent is snd_una - bytes_acked, the first received rcv_nxt - bytes_received (RFC 4898 counters,
 * net/ipv4/tcp_input.c). The accepting end enters the map first, the connecting end last and with the row that makes the
 * connection joined. */
#ifndef SIDECAR_ACCELERATION_ADOPT_H
#define SIDECAR_ACCELERATION_ADOPT_H

#include "gate.h"

/* Turns that make an open connection worth joining; twice as many after each departure. */
#define WORTH_JOINING_TURNS 4

static __always_inline void copy_address(struct address *address, const struct in6_addr *from)
{
	__builtin_memcpy(address->bytes, from, sizeof(*from));
}

static __always_inline void socket_endpoints(struct sock *sk, struct endpoint *local, struct endpoint *remote)
{
	struct in6_addr own = {}, other = {};

	__builtin_memset(local, 0, sizeof(*local));
	__builtin_memset(remote, 0, sizeof(*remote));
	local->port = BPF_CORE_READ(sk, __sk_common.skc_num);
	remote->port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		set_v4(&local->address, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		set_v4(&remote->address, BPF_CORE_READ(sk, __sk_common.skc_daddr));
		return;
	}
	BPF_CORE_READ_INTO(&own, sk, __sk_common.skc_v6_rcv_saddr);
	BPF_CORE_READ_INTO(&other, sk, __sk_common.skc_v6_daddr);
	copy_address(&local->address, &own);
	copy_address(&remote->address, &other);
}

static __always_inline bool reads_safely(struct sock *sk)
{
	return is_polled(sk) && BPF_CORE_READ(sk, sk_rcvlowat) <= 1;
}

/* Whether an open connection takes turns, by the segments with data each way since the last departure or stream. A
 * segment is at most 64 KiB, and on an Ethernet path about 1.4 KiB. */
static __always_inline bool measure_turns(struct socket_state *state, struct tcp_sock *tp)
{
	__u32 received = BPF_CORE_READ(tp, data_segs_in), sent = BPF_CORE_READ(tp, data_segs_out);
	__u32 in = received - state->seen_in, out = sent - state->seen_out;
	__u32 turns = in < out ? in : out, most = in < out ? out : in;

	if (most / LONGEST_RUN > turns) {	/* a stream: what comes after it counts */
		state->seen_in = received;
		state->seen_out = sent;
		return false;
	}
	return turns >= (__u32)WORTH_JOINING_TURNS << (state->departures & 7);
}

/* The handshake of a socket nobody saw opening, as if it had accepted. Where it connected, the SYN counts as
 * acknowledged, which makes its own number one less. */
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

/* Counts a socket that was opened unseen, and asks for the callback of its close. */
static __always_inline struct socket_state *follow_open_socket(struct tcp_sock *tp, __u64 cookie, const struct pod *pod, const struct settings *settings)
{
	int had = BPF_CORE_READ(tp, bpf_sock_ops_cb_flags), flags = had | BPF_SOCK_OPS_STATE_CB_FLAG;
	__u32 netns = netns_of((struct sock *)tp);
	struct socket_state *state;

	if (!has_end_left(netns, settings))
		return NULL;

	/* before 6.12 only the socket's own programs can ask: whatever was open before them stays uncounted, on TCP */
	if (had != flags && bpf_setsockopt(tp, SOL_TCP, TCP_BPF_SOCK_OPS_CB_FLAGS, &flags, sizeof(flags)))
		return NULL;
	state = NEW_STATE(tp, netns, settings);
	if (!state)
		return NULL;
	begin_state(state, cookie, tp, pod);
	state->seen_read = BPF_CORE_READ(tp, copied_seq);
	set_reason(state, REASON_PEER_NOT_SELECTED);
	return state;
}

/* Whether an end on its own has a chance to join, looked at anew when the selection has changed. */
static __always_inline void reconsider(struct socket_state *state, struct tcp_sock *tp, const struct address *local,
				       const struct endpoint *remote, const struct settings *settings)
{
	enum reason reason;

	if (state->epoch == settings->epoch || (state->reason != REASON_PEER_NOT_SELECTED &&
	    state->reason != REASON_PEER_ELSEWHERE && state->reason != REASON_PATH_NOT_SELECTED &&
	    state->reason != REASON_PEER_OWN_KERNEL &&
	    state->reason != REASON_UNWATCHED_READER))
		return;
	state->epoch = settings->epoch;
	state->path = likely_path(tp, local, &remote->address);
	reason = state->path == PATH_NONE ? reason_without_peer(&remote->address) : reason_by_history(state->netns, remote, settings);
	set_reason(state, reason == REASON_NONE ? REASON_LEARNING : reason);
}

/* Into the map while it is open; REASON_NONE, or why not. */
static __always_inline enum reason enter_map_later(struct socket_state *state, struct tcp_sock *tp, struct sock *sk,
						const struct settings *settings)
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
	/* refused before 6.12: without them a connection leaves the map by visits alone */
	if (had != flags && !bpf_setsockopt(tp, SOL_TCP, TCP_BPF_SOCK_OPS_CB_FLAGS, &flags, sizeof(flags)))
		state->own_callbacks |= flags & ~had;
	note_entered(state);
	if (state->quick_timers && BPF_CORE_READ(tp, data_segs_out) >= TIMER_SAMPLES)
		state->samples = TIMER_SAMPLES;	/* since it is learnt, TCP has measured by each of them */
	QUICKEN_TIMERS(tp, state);
	return REASON_NONE;
}

/* No longer waits to be found: what took itself for a connecting end turns out to be an accepting one. */
static __always_inline void withdraw_candidate(struct socket_state *state)
{
	if (state->candidate)
		bpf_map_delete_elem(&candidates, &state->shown.handshake);
	state->candidate = 0;
}

/* The accepting end's part: answers a candidate with itself, in the map, or with why not. */
static __always_inline bool adopt_accepting_end(struct socket_state *state, struct tcp_sock *tp, struct sock *sk, const struct pending_connect *connect,
				   const struct handshake *handshake, const struct settings *settings)
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

/* The connecting end's part: the last step, after which bytes are redirected. */
static __always_inline bool adopt_connecting_end(struct socket_state *state, struct tcp_sock *tp, struct sock *sk, const struct pairing_result *result,
				     const struct endpoint *local, const struct endpoint *remote,
				     const struct settings *settings)
{
	struct origdst row = { .client_cookie = state->shown.cookie, .slot = state->slot, .path = result->path,
			       .client = *local, .original = *remote };
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
		/* closed before it could see the row: whoever takes the row away clears up */
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

/* Takes over a candidate's half, if this socket is the one it looks for. */
static __always_inline bool take_candidate(const struct handshake *handshake, const struct address *remote, __u32 netns,
					   struct pending_connect *connect)
{
	struct pending_connect *found = bpf_map_lookup_elem(&candidates, handshake);

	if (!found || !have_each_others_address(found, netns, remote))
		return false;
	*connect = *found;
	return !bpf_map_delete_elem(&candidates, handshake);
}

/* Whether the standing of an end that is not joined may still change. */
static __always_inline bool may_still_join(enum reason reason)
{
	return reason == REASON_LEARNING || reason == REASON_SHORT_LIVED || reason == REASON_ONE_WAY ||
	       reason == REASON_OBSERVING || reason == REASON_LIMIT_REACHED;
}

/* An end that has looked for its peer in vain may have looked too early: the other may find it yet. */
static __always_inline bool may_be_found(enum reason reason)
{
	return may_still_join(reason) || reason == REASON_PEER_NOT_SELECTED;
}

/* One end that is open and not joined. True when it took a step. */
static __always_inline bool adopt(struct socket_state *state, struct tcp_sock *tp, struct sock *sk,
				     const struct endpoint *local, const struct endpoint *remote,
				     const struct settings *settings)
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
	if (state->accepting || !may_still_join(state->reason) || is_unknown_reader(state, settings) ||
	    !measure_turns(state, tp))
		return false;
	if (!is_known(&state->shown.handshake))
		state->shown.handshake = handshake_as_connecting(tp);
	connect.identity = identity_of(state, tp);
	connect.client = *local;
	connect.original = *remote;
	if (!bpf_map_update_elem(&candidates, &state->shown.handshake, &connect, BPF_NOEXIST)) {
		state->candidate = 1;
		return true;
	}
	/* still there since the last visit: every selected pod has been visited, and none has the other end */
	withdraw_candidate(state);
	set_reason(state, used_fast_open(tp) ? REASON_UNSUPPORTED_SOCKET : REASON_PEER_NOT_SELECTED);
	return false;
}

#endif
