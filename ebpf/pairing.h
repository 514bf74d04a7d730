/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finding the two ends of one connection by the numbers of its handshake.
 *
 * When the connecting end becomes ESTABLISHED its {snd_nxt, rcv_nxt} are what the accepting end sees as
 * {rcv_nxt, snd_nxt}. No iptables rule, proxy redirect or address family changes sequence numbers, so this 64-bit
 * rendezvous finds the peer through all of them and proves that both ends are on this node. Addresses and ports prove
 * nothing more: translation changes the source port too, when one port's connections are turned to one destination.
 * The connecting end is always first: tcp_finish_connect() runs its callback before it sends the ACK that establishes
 * the other end (net/ipv4/tcp_input.c, 5.10 to 7.x). Fast Open never pairs: its child is established before the
 * client is. */
#ifndef SIDECAR_ACCELERATION_PAIRING_H
#define SIDECAR_ACCELERATION_PAIRING_H

#include "acceptors.h"
#include "sampling.h"
#include "origdst.h"

/* Whether a rule has sent the connection to this very pod behind the client's back. The SYN-ACK tells: its MSS is
 * that of the answering route, and only the loopback device (MTU 65536) allows one that no Ethernet frame can carry.
 * The socket's own route and address are those of the destination asked for, and the packet itself is gone by now
 * (tcp_add_backlog() drops its dst while connect() holds the socket). */
#define LONGEST_FRAME 32768

static __always_inline bool answered_over_loopback(struct tcp_sock *tp)
{
	return BPF_CORE_READ(tp, rx_opt.mss_clamp) > LONGEST_FRAME;
}

/* The path an end can be of, before its peer is known: the one it asked for, or its own pod behind a rule. */
static __always_inline enum path_kind likely_path(struct tcp_sock *tp, const struct address *local,
						  const struct address *remote)
{
	if (is_loopback(remote) || same_address(remote, local) || answered_over_loopback(tp))
		return PATH_POD_LOCAL;
	return location_of(remote) == LOCATION_SELECTED ? PATH_NODE_LOCAL : PATH_NONE;
}

/* Whether a socket that opens will be polled: REASON_NONE, or why it stays on TCP. What blocks while it connects may
 * poll later, which a visit sees. */
static __always_inline enum reason reason_by_polling(const struct socket_state *state, struct tcp_sock *tp,
						    const struct settings *settings)
{
	if (state->accepting)
		return reason_by_acceptor(state->container);
	if (is_polled((struct sock *)tp))
		return REASON_NONE;
	return settings->learns ? REASON_LEARNING : REASON_BLOCKING_READER;
}

/* Into the map while it opens; the standing it then has. */
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

static __always_inline void on_active_established(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp,
						  const struct pod *pod, const struct settings *settings)
{
	struct handshake handshake = { .client_next = ops->snd_nxt, .server_next = ops->rcv_nxt };
	__u32 netns = netns_of((struct sock *)tp);
	enum path_kind path;
	struct pending_connect connect = {};
	struct socket_state *state;

	read_local(ops, &connect.client);
	read_remote(ops, &connect.original);
	path = likely_path(tp, &connect.client.address, &connect.original.address);
	if (path != PATH_NONE)
		connect.reason = reason_by_history(netns, &connect.original, settings);
	if (connect.reason == REASON_SHORT_LIVED && may_sample(settings)) {
		begin_sample(ops, pod->slot, netns, false);
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
	/* said at once: no learning changes it */
	if (crosses_a_limit(state, pod_at(&connect.original.address)))
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

static __always_inline void set_peer(struct socket_state *state, const struct identity *peer)
{
	state->peer = *peer;
	state->peer_file = 0;
	state->epoch = NEVER_CHECKED;
	note_refresh(state);
	state->path = peer->netns == state->netns ? PATH_POD_LOCAL : PATH_NODE_LOCAL;
}

/* Two ends in two pods are one connection only where each has the other's address. Numbers alone could be forged: a
 * program with CAP_NET_ADMIN in its pod gives a socket any it likes (TCP_REPAIR). */
static __always_inline bool have_each_others_address(const struct pending_connect *connect, __u32 netns, const struct address *remote)
{
	if (connect->identity.netns == netns)
		return true;
	return pod_at(&connect->original.address) == netns && pod_at(remote) == connect->identity.netns;
}

/* Joins the accepting end to `half`; on refusal both stay on TCP. */
static __always_inline enum reason join_accepting_end(struct bpf_sock_ops *ops, struct socket_state *state, struct tcp_sock *tp,
					  const struct pending_connect *connect, const struct settings *settings)
{
	struct pairing_result result = { .identity = identity_of(state, tp), .path = state->path };
	__u64 client = connect->identity.cookie;
	struct shown peer;

	if (connect->reason != REASON_PAIRING)
		return connect->reason;
	result.reason = enter_map(ops, state, tp, settings);
	if (result.reason == REASON_PAIRING && remember_original(ops, connect, state->shown.cookie, state->path)) {
		leave_map(state);
		result.reason = REASON_LIMIT_REACHED;
	}
	if (result.reason != REASON_PAIRING)
		result.identity.cookie = 0;
	if (bpf_map_update_elem(&pairing_results, &client, &result, BPF_ANY) && result.identity.cookie) {
		forget_original(state->shown.cookie);
		leave_map(state);
		return REASON_LIMIT_REACHED;
	}
	if (!result.identity.cookie)
		return result.reason;
	/* closed before it could be told: whoever takes the joint away clears up */
	if (!read_peer(state, &peer) && !bpf_map_delete_elem(&pairing_results, &client)) {
		forget_original(state->shown.cookie);
		leave_map(state);
		return REASON_PEER_NOT_SELECTED;
	}
	state->joined = 1;
	move_reason(connect->identity.slot, REASON_PAIRING, REASON_ACCELERATED);
	return REASON_ACCELERATED;
}

/* Takes the half away that the connecting end left. Whoever does owns it: that end may be closing on another CPU. */
static __always_inline bool take_pending_connect(const struct handshake *handshake, __u32 netns, const struct address *remote,
				      struct pending_connect *connect)
{
	struct pending_connect *found = bpf_map_lookup_elem(&pending, handshake);

	if (!found || !have_each_others_address(found, netns, remote))
		return false;
	*connect = *found;
	return !bpf_map_delete_elem(&pending, handshake);
}

/* A connecting end in a selected pod of this node leaves a half, unless it takes its connection for a brief one. */
static __always_inline bool is_in_selected_pod(const struct address *remote)
{
	return is_loopback(remote) || location_of(remote) == LOCATION_SELECTED;
}

static __always_inline void on_passive_established(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp,
						   const struct pod *pod, const struct settings *settings)
{
	struct handshake handshake = { .client_next = ops->rcv_nxt, .server_next = ops->snd_nxt };
	__u32 netns = netns_of((struct sock *)tp);
	struct endpoint remote = {};
	struct pending_connect connect = {};
	bool paired, unpairable = used_fast_open(tp) || is_under_repair(tp);
	enum reason reason;
	struct socket_state *state;

	read_remote(ops, &remote);
	paired = take_pending_connect(&handshake, netns, &remote.address, &connect);
	if (!paired && !unpairable && may_sample(settings) && is_in_selected_pod(&remote.address)) {
		begin_sample(ops, pod->slot, netns, true);
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

/* The connecting end takes what its peer left; its gauge was already moved by the peer. */
static __always_inline bool take_pairing_result(struct socket_state *state)
{
	__u64 cookie = state->shown.cookie;
	struct pairing_result *result;

	if (state->peer.cookie)
		return true;
	if (state->reason != REASON_PAIRING)
		return false;
	result = bpf_map_lookup_elem(&pairing_results, &cookie);
	if (!result || !result->identity.cookie)
		return false;
	set_peer(state, &result->identity);
	state->joined = 1;
	state->reason = REASON_ACCELERATED;
	bpf_map_delete_elem(&pairing_results, &cookie);
	return true;
}

/* Gives up waiting for the accepting end; says why it stayed on TCP, if it said so. */
static __always_inline enum reason stop_waiting(const struct socket_state *state, const struct handshake *handshake)
{
	enum reason reason = REASON_PEER_NOT_SELECTED;
	__u64 cookie = state->shown.cookie;
	struct pairing_result *refusal;

	bpf_map_delete_elem(&pending, handshake);
	if (state->candidate)
		bpf_map_delete_elem(&candidates, handshake);
	else if (state->reason != REASON_PAIRING)
		return reason;
	refusal = bpf_map_lookup_elem(&pairing_results, &cookie);
	if (refusal)
		reason = refusal->reason;
	bpf_map_delete_elem(&pairing_results, &cookie);
	return reason;
}

/* The first answer to own data: by now the accepting end has been established, so an end that is still alone has a
 * peer that cannot pair, and leaves the map again rather than pay for sitting in it. */
static __always_inline void on_first_answer(struct bpf_sock_ops *ops, struct socket_state *state, struct tcp_sock *tp)
{
	enum reason reason = stop_waiting(state, &state->shown.handshake);

	leave_map(state);
	set_reason(state, used_fast_open(tp) ? REASON_UNSUPPORTED_SOCKET : reason);
	drop_data_callbacks(ops, state);
	RESTORE_TIMERS(ops, state);
}

/* The first answer of an accepting end that is not in the map: by now its program has set the socket up. */
static __always_inline void on_first_own_answer(struct bpf_sock_ops *ops, struct socket_state *state, struct tcp_sock *tp)
{
	learn_from_accepted(state, (struct sock *)tp);
	if (state->reason == REASON_LEARNING && reason_by_acceptor(state->container) == REASON_BLOCKING_READER)
		set_reason(state, REASON_BLOCKING_READER);
	drop_data_callbacks(ops, state);
}

/* Of both ends of a joined connection, by whoever has deleted its row. */
static __always_inline void give_places_back(const struct socket_state *state)
{
	count_places(state->netns, -1);
	count_places(state->peer.netns, -1);
}

/* Gives back what an end holds. Sockets are not deleted where redirected bytes may be unread: the kernel takes them
 * out of the SOCKHASH when their program closes them. */
static __always_inline void release_all(struct socket_state *state)
{
	__u64 peer = state->peer.cookie;

	if (state->accepting && !forget_original(state->shown.cookie))
		give_places_back(state);
	else if (!state->joined)
		leave_map(state);
	if (state->accepting && !state->joined && peer)
		bpf_map_delete_elem(&pairing_results, &peer);
	state->shown.in_map = 0;
	state->peer.cookie = 0;
}

/* Counts what ran beside the programs, over a socket outside of the map. */
static __always_inline void count_sent(struct socket_state *state, struct tcp_sock *tp)
{
	__u64 sent = tp->bytes_sent - tp->bytes_retrans;

	if (sent <= state->tcp_bytes)
		return;
	count_tcp_bytes(state->slot, sent - state->tcp_bytes);
	state->tcp_bytes = sent;
}

static __always_inline void close_connection(struct bpf_sock_ops *ops, struct socket_state *state, struct tcp_sock *tp)
{
	struct handshake handshake = state->shown.handshake;
	struct endpoint original = {};

	/* the peer sees it from here on, and what it leaves for this end later it takes back itself */
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

#endif
