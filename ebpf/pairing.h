/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the two ends of a connection that opens find each other: by the numbers of their handshake.
 *
 * When the connecting end becomes ESTABLISHED, its {snd_nxt, rcv_nxt} are what the accepting end has as {rcv_nxt, snd_nxt}. No iptables rule,
 * proxy redirect or address family changes sequence numbers. So these 64 bits find the peer through all of them, and prove that both ends are
 * on this node. Addresses and ports prove nothing more: where rules turn connections of one source port to one destination, translation
 * changes the source port too. The connecting end always comes first: tcp_finish_connect() runs its callback before it sends the ACK that
 * establishes the accepting end (net/ipv4/tcp_input.c, 5.10 to 7.x). With Fast Open the accepting end comes first, so such connections are
 * never paired.
 *
 * The connecting end leaves a struct pending_connect under these numbers. The accepting end takes it, enters the SOCKHASH, and leaves a struct
 * pairing_result under the cookie of the connecting end. The connecting end takes that with its next message or callback. */
#ifndef SIDECAR_ACCELERATION_PAIRING_H
#define SIDECAR_ACCELERATION_PAIRING_H

#include "entry.h"
#include "origdst.h"
#include "peer.h"

/* Whether two ends in two pods have each other's address; only then their connection can be one. The numbers alone could be forged: a program
 * with CAP_NET_ADMIN in its pod gives a socket any numbers it likes (TCP_REPAIR). */
static __always_inline bool have_each_others_address(const struct pending_connect *connect, __u32 netns, const struct address *remote)
{
	if (connect->identity.netns == netns)
		return true;
	return netns_at(&connect->original.address) == netns && netns_at(remote) == connect->identity.netns;
}

/* Takes the pending connect that the connecting end has left. The program that deletes the row owns it, because the connecting end may be closing
 * on another CPU. */
static __always_inline bool take_pending_connect(const struct handshake *handshake, __u32 netns, const struct address *remote,
						 struct pending_connect *connect)
{
	struct pending_connect *found = bpf_map_lookup_elem(&pending, handshake);

	if (!found || !have_each_others_address(found, netns, remote))
		return false;
	*connect = *found;
	return !bpf_map_delete_elem(&pending, handshake);
}

/* Joins the accepting end to its connecting end. Returns REASON_ACCELERATED, or the reason why both ends stay on TCP. */
static __always_inline enum reason join_accepting_end(struct bpf_sock_ops *ops, struct socket_state *state, struct tcp_sock *tp,
						      const struct pending_connect *connect, const struct settings *settings)
{
	struct pairing_result result = { .identity = identity_of(state, tp), .path = state->path };
	__u64 client = connect->identity.cookie;
	struct shown peer_shown;

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
	/* the connecting end may have closed before it could see the result: the program that deletes the result cleans up */
	if (!read_peer(state, &peer_shown) && !bpf_map_delete_elem(&pairing_results, &client)) {
		forget_original(state->shown.cookie);
		leave_map(state);
		return REASON_PEER_NOT_SELECTED;
	}
	state->joined = 1;
	move_reason(connect->identity.slot, REASON_PAIRING, REASON_ACCELERATED);
	return REASON_ACCELERATED;
}

/* The connecting end takes the pairing result that its accepting end has left. True where the peer is known now. The accepting end has already
 * moved the gauge of the connecting end. */
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

/* The connecting end stops waiting for its accepting end. Returns the reason why it stays on TCP: the reason in the pairing result, or
 * REASON_PEER_NOT_SELECTED where the accepting end has left no pairing result. */
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

#endif
