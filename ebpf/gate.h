/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Decides for each message whether it is redirected. Every "no" is a gate with a name, and the message goes over TCP.
 *
 * The peer is read through addresses that may be stale: such a read yields garbage and does not fault, and the cookies tell. The redirect itself
 * goes by cookie through the SOCKHASH. So a wrong guess can cost speed, and never a byte. */
#ifndef SIDECAR_ACCELERATION_GATE_H
#define SIDECAR_ACCELERATION_GATE_H

#include "lease.h"
#include "leaving.h"
#include "pairing.h"
#include "turns.h"

/* From this length on, a sender fills the queue faster than a reader empties it. Over TCP such a sender waits instead, and nothing spills. Request
 * and answer of half as many bytes take little more than half of TCP's time (docs/performance). */
#define BULK_BYTES 262144
#define TCP_NAGLE_CORK 2 /* include/net/tcp.h */
/* Messages in a row that find the peer's file without O_NONBLOCK, after which the reader counts as a blocking one. Programs may set O_NONBLOCK
 * only after accept() or connect(). */
#define BLOCKED_FOR_GOOD 4

/* Checks the selection of both pods and how their programs read, when the epoch says that something has changed. */
static __always_inline enum gate check_selection(struct socket_state *state, const struct settings *settings)
{
	/* the epoch is read first, so that a change during the lookups leads to another lookup */
	__u64 epoch = *(volatile const __u64 *)&settings->epoch;
	__u32 own = state->netns, peers = state->peer.netns;
	enum reason reason;

	if (state->epoch == epoch)
		return GATE_OPEN;
	state->selected = bpf_map_lookup_elem(&pods, &own) && bpf_map_lookup_elem(&pods, &peers);
	state->epoch = epoch;
	if (crosses_a_limit(state, peers))
		return begin_leaving(state, REASON_BANDWIDTH_LIMITED);
	reason = reason_by_traits(state->container);
	if (reason == REASON_NONE)
		reason = reason_by_traits(state->peer.container);
	return reason == REASON_NONE ? GATE_OPEN : begin_leaving(state, reason);
}

/* Checks that the peer was accepted and that its reader is safe (safe_reader.h). A connection whose reader has become a blocking one leaves. */
static __always_inline enum gate check_reader(struct socket_state *state, struct sock *peer)
{
	if (!state->peer_file) {
		state->peer_file = (__u64)BPF_CORE_READ(peer, sk_socket, file);
		if (!state->peer_file)
			return GATE_UNACCEPTED;
	}
	if (!polls(PEEK(PEEKABLE(struct file, state->peer_file), f_flags))) {
		if (++state->blocked < BLOCKED_FOR_GOOD)
			return GATE_BLOCKING_READER;
		return begin_leaving(state, REASON_BLOCKING_READER);
	}
	state->blocked = 0;
	return wakes_for_first_byte(PEEK(peer, sk_rcvlowat)) ? GATE_OPEN : GATE_BLOCKING_READER;
}

/* Whether nothing that went over TCP is unread at the peer. A reader takes redirected bytes before those in TCP's queue, so only then a redirect
 * keeps the order. */
static __always_inline bool is_in_order(struct tcp_sock *own, struct tcp_sock *peer)
{
	return PEEK(peer, copied_seq) == own->write_seq;
}

/* The gate of a message that must go over TCP even while redirected bytes are unread, or GATE_OPEN. */
static __always_inline enum gate needs_tcp(const struct socket_state *state, struct tcp_sock *own, struct tcp_sock *peer, struct sock *sk)
{
	if (state->shown.leaving == REASON_UNSUPPORTED_SOCKET)
		return GATE_LEAVING;
	if (!are_established(own, sk))
		return GATE_CLOSING;
	return is_in_order(own, peer) ? GATE_OPEN : GATE_ORDER;
}

/* Checks whether redirecting has to stop. It then stops at a message that finds the peer's queue empty. */
static __always_inline enum gate check_stop(struct socket_state *state, struct tcp_sock *own, struct tcp_sock *peer, struct sock *sk,
					    const struct shown *peer_shown, __u32 size, const struct settings *settings)
{
	enum gate gate;

	if (state->shown.leaving)
		return GATE_LEAVING;
	/* What follows reads the file of the peer, which may be that of another program once the peer has closed. And nothing is redirected any more,
	 * so where bytes of TCP need the connection out of the SOCKHASH, it leaves now. */
	if (!are_established(own, sk))
		return stop_for_now(state, GATE_CLOSING, REASON_ONE_WAY);
	if (settings->mode != MODE_ACCELERATE)
		return stop_for_now(state, GATE_MODE, REASON_OBSERVING);
	gate = check_selection(state, settings);
	if (gate != GATE_OPEN)
		return gate;
	if (!(settings->paths & state->path))
		return stop_for_now(state, GATE_DESELECTED, REASON_PATH_NOT_SELECTED);
	if (!state->selected)
		return stop_for_now(state, GATE_DESELECTED, REASON_PEER_NOT_SELECTED);
	if (peer_shown->leaving)
		return begin_leaving(state, peer_shown->leaving);
	if (!count_turn(state, peer_shown, size))
		return begin_leaving(state, REASON_ONE_WAY);
	if (is_unsupported_now(own, peer, state->shown.messages))
		return begin_leaving(state, REASON_UNSUPPORTED_SOCKET);
	if (size >= BULK_BYTES)
		return stop_for_now(state, GATE_LARGE, REASON_ONE_WAY);
	if (state->shown.messages < settings->warm_up) {
		begin_proof(state, size, settings);
		return GATE_WARM_UP;
	}
	gate = check_reader(state, sk);
	if (gate != GATE_OPEN)
		return gate;
	return BPF_CORE_READ_BITFIELD(own, nonagle) & TCP_NAGLE_CORK ? GATE_CORKED : GATE_OPEN;
}

/* The last check: whether the message, until it is read, costs no more than all limits allow. Where nothing is unread, one message may go over TCP
 * and the next be redirected. */
static __always_inline enum gate check_room(struct socket_state *state, struct sock *peer, __u32 size, bool empty, const struct settings *settings)
{
	enum reason refusal;

	if (!empty && refuses_redirect(peer))
		return spill(state, REASON_ONE_WAY);
	refusal = find_room(state, peer, size, settings);
	if (refusal == REASON_NONE)
		return GATE_OPEN;
	if (refusal == REASON_ACCELERATED) {
		if (!must_leave_for_tcp())
			return GATE_SPILL;
		refusal = REASON_ONE_WAY;
	}
	return empty ? stop_for_now(state, GATE_SPILL, refusal) : spill(state, refusal);
}

/* Begins a proof where a message is longer than what the peer's container is proven to read; true where it did. The message then goes over TCP. */
static __always_inline bool begin_proof_if_longer(struct socket_state *state, struct sock *peer, __u32 size, bool empty,
						  const struct settings *settings)
{
	__u64 bytes = size;

	if (!needs_proof(settings))
		return false;
	if (fionread_omits_redirected() && !empty)
		bytes += unread_bytes(state, peer);
	if (!check_proven(state, bytes))
		return false;
	begin_proof(state, bytes, settings);
	if (must_leave_for_tcp())
		state->shown.unproven = bits_of(bytes);
	return true;
}

/* The message goes over TCP for `gate`. Where FIONREAD counts redirected bytes alone, a reader in the SOCKHASH that asks is told nothing of it. Such
 * a reader must find no more bytes of TCP than it is proven to read at once; before there are more, the connection leaves. */
static __always_inline enum gate send_over_tcp(struct socket_state *state, struct tcp_sock *own, struct sock *peer, __u32 size,
					       const struct settings *settings, enum gate gate)
{
	__u32 unread = own->write_seq - PEEK(PEEKABLE(struct tcp_sock, peer), copied_seq) + size;

	if (!must_leave_for_tcp() || state->shown.leaving || !needs_proof(settings) || !check_proven(state, unread))
		return gate;
	begin_leaving(state, REASON_LEARNING);
	claim_quiet_when_sending(state, (struct sock *)own, peer);
	return gate;
}

/* The gate of one message.
 *
 * A reader has one queue to empty at a time. It takes redirected bytes before those of TCP, and a reader that trusts a short read does not come back
 * for the second queue (epoll(7), Q9). So while redirected bytes are unread, further messages are redirected, whatever the other checks say. Only
 * what cannot be redirected goes over TCP then, and hold.h keeps it from the reader. */
static __always_inline enum gate choose_gate(struct socket_state *state, struct tcp_sock *own, __u32 size, const struct settings *settings)
{
	struct tcp_sock *peer;
	struct shown peer_shown;
	struct sock *sk;
	enum gate stop, gate;
	bool empty;

	if (settings->mode != MODE_ACCELERATE && state->drained && !must_leave_for_tcp())
		return GATE_MODE;
	if (!take_pairing_result(state))
		return settings->mode == MODE_ACCELERATE ? GATE_UNPAIRED : GATE_MODE;
	peer = PEEKABLE(struct tcp_sock, state->peer.sock);
	sk = PEEKABLE(struct sock, state->peer.sock);
	full_barrier(state); /* the lock of the socket was taken before; what the peer claims is read after it */
	if (!read_peer(state, &peer_shown) || !is_peer(state, sk)) {
		give_back_unless_held(state);
		return GATE_PEER_GONE;
	}
	if (!peer_shown.in_map) /* not yet, or no more */
		return GATE_UNPAIRED;
	stop = check_stop(state, own, peer, sk, &peer_shown, size, settings);
	empty = is_psock_queue_empty(sk);
	state->drained = empty;
	if (empty && stop != GATE_OPEN && stop_redirecting(state, own, sk, &peer_shown)) {
		/* these two gates stop one message only, and the next one needs the lease again */
		if (state->lease && stop != GATE_CORKED && stop != GATE_LARGE && confirm_all_arrived(state, sk) && is_psock_queue_empty(sk))
			give_back(state, state->lease);
		return send_over_tcp(state, own, sk, size, settings, stop);
	}
	gate = needs_tcp(state, own, peer, sk);
	if (gate != GATE_OPEN)
		return send_over_tcp(state, own, sk, size, settings, gate);
	if (empty && is_only_redirector(state)) {
		forget_backlog(state);
		shrink_lease(state, size);
	}
	if (empty && state->proving)
		end_proof(state, settings);
	if (begin_proof_if_longer(state, sk, size, empty, settings)) {
		gate = stop_for_now(state, GATE_UNPROVEN, REASON_LEARNING);
		if (empty && state->shown.leaving)
			claim_quiet_when_sending(state, (struct sock *)own, sk);
		return gate;
	}
	if (stop == GATE_OPEN && needs_refresh(state, empty)) {
		refresh(state);
		return empty || !must_leave_for_tcp() ? GATE_REFRESH : spill(state, REASON_LEARNING);
	}
	gate = check_room(state, sk, size, empty, settings);
	if (gate != GATE_OPEN && empty && state->shown.leaving)
		claim_quiet_when_sending(state, (struct sock *)own, sk);
	return gate;
}

/* Sets the reason of the end to the one of the gate, where the gate is a lasting one. Gates that pass soon (order, spill) leave the reason as it
 * is. */
static __always_inline void set_reason_by_gate(struct socket_state *state, enum gate gate, const struct settings *settings)
{
	if (state->shown.leaving)
		return;
	if (gate == GATE_BLOCKING_READER)
		set_reason(state, REASON_BLOCKING_READER);
	else if (gate == GATE_DESELECTED)
		set_reason(state, settings->paths & state->path ? REASON_PEER_NOT_SELECTED : REASON_PATH_NOT_SELECTED);
	else if (gate == GATE_OPEN)
		set_reason(state, REASON_ACCELERATED);
}

#endif
