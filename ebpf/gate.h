/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* May this message take the fast path? Every "no" is a gate with a name, and means plain TCP.
 *
 * The peer is read through its addresses by probe: a stale address reads garbage and never faults, the cookies tell,
 * and the redirect itself goes by cookie through the SOCKHASH, so a wrong guess can cost speed but no byte. */
#ifndef SIDECAR_ACCELERATION_GATE_H
#define SIDECAR_ACCELERATION_GATE_H

#include "lease.h"
#include "turns.h"

/* A message from which on the sender fills queues faster than a reader empties them. Over TCP it waits instead, and spills
 * nothing. Request and answer of half as many bytes take little more than half of TCP's time (docs/performance). */
#define BULK_BYTES 262144
#define TCP_NAGLE_CORK 2	/* include/net/tcp.h */
/* Messages in a row that find the peer's file without O_NONBLOCK: programs set it after accept() and connect(). */
#define BLOCKED_FOR_GOOD 4
/* A rule that drops packets stops an open connection at its next message over TCP: so there is one within a second, on every HZ. */
#define REFRESH_NS 900000000ULL
/* Less than that on every HZ, 0.08 s to 0.8 s: until then no clock is asked. */
#define REFRESH_JIFFIES 80
/* 25 ms to 0.25 s */
#define LINGER_JIFFIES 25
/* A reader fills no buffer with messages up to this length, after which some ask FIONREAD. */
#define MEASURING_BYTES 1024
/* TCP's retransmission timer was set by a variance of 200 ms at first, of which a round trip over TCP takes a quarter
 * (net/ipv4/tcp_input.c, tcp_rtt_estimator()): after these it is as short as timers.h lets it be. */
#define TIMER_SAMPLES 8
#define MESSAGES_PER_SAMPLE 2

/* The connection goes back to TCP: redirecting stops at a message that finds the peer's queue empty, and both ends leave the
 * map once nothing is under way. The peer reads `leaving` with its next message. */
static __always_inline enum gate begin_leaving(struct socket_state *state, enum reason reason)
{
	state->shown.leaving = reason;
	state->leaving_since = bpf_jiffies64();
	state->shown.quiet = 0;
	set_reason(state, reason);
	return GATE_LEAVING;
}

/* Looks again at both pods and at how their programs read, when the epoch says that something has changed. */
static __always_inline enum gate check_selection(struct socket_state *state, const struct settings *settings)
{
	/* read before the lookups: what changes meanwhile is then looked up again */
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

/* A reader asleep inside the kernel's TCP receive never sees redirected bytes; one that polls always does. A socket that
 * has become a blocking one leaves. One that asked to be woken for a minimum only (SO_RCVLOWAT) would be woken for less. */
static __always_inline enum gate check_reader(struct socket_state *state, struct sock *peer)
{
	if (!state->peer_file) {
		state->peer_file = (__u64)BPF_CORE_READ(peer, sk_socket, file);
		if (!state->peer_file)
			return GATE_UNACCEPTED;
	}
	if (!(PEEK(PEEKABLE(struct file, state->peer_file), f_flags) & O_NONBLOCK)) {
		if (++state->blocked < BLOCKED_FOR_GOOD)
			return GATE_BLOCKING_READER;
		if (!state->accepting)
			remember_acceptor(state->peer.container, TRAIT_ACCEPTS_BLOCKING);
		return begin_leaving(state, REASON_BLOCKING_READER);
	}
	state->blocked = 0;
	return PEEK(peer, sk_rcvlowat) > 1 ? GATE_BLOCKING_READER : GATE_OPEN;
}

/* Kernels before 5.16 flush unread redirected bytes when a half-closed reader reaches TIME_WAIT (sock_map_unhash). */
static __always_inline bool are_established(struct tcp_sock *own, struct sock *peer)
{
	return own->inet_conn.icsk_inet.sk.__sk_common.skc_state == BPF_TCP_ESTABLISHED &&
	       PEEK(peer, __sk_common.skc_state) == BPF_TCP_ESTABLISHED;
}

/* A reader drains redirected bytes before its TCP queue: redirect only when nothing sent earlier is unread there. */
static __always_inline bool is_in_order(struct tcp_sock *own, struct tcp_sock *peer)
{
	return PEEK(peer, copied_seq) == own->write_seq;
}

/* What a socket is does not change, or is noticed now and then; what its program asks of it may begin with any message. */
static __always_inline bool is_unsupported_now(struct tcp_sock *own, struct tcp_sock *peer, __u32 messages)
{
	if (messages < 16 || !(messages & 255))
		return is_unsupported(own) || is_unsupported(peer);
	return has_become_unsupported(own, peer);
}

/* Whether no message has gone over TCP for its own sake for so long that the rules of the network must see one. conntrack forgets a
 * connection whose bytes it no longer sees, and then answers its next segment with a reset (nf_conntrack_tcp_timeout_established;
 * net/netfilter/nf_conntrack_proto_tcp.c). One message, and its acknowledgement, renew both directions. */
static __always_inline bool refresh_is_due(const struct socket_state *state)
{
	return bpf_jiffies64() - state->refreshed >= REFRESH_JIFFIES && bpf_ktime_get_ns() - state->refreshed_ns >= REFRESH_NS;
}

/* Whether TCP measures with this message how long to wait before it sends again. */
static __always_inline bool measures_timer(const struct socket_state *state, __u32 size)
{
	return size <= MEASURING_BYTES && state->samples < TIMER_SAMPLES && !(state->shown.messages % MESSAGES_PER_SAMPLE);
}

static __always_inline void refresh(struct socket_state *state)
{
	state->samples += state->samples < TIMER_SAMPLES;
	note_refresh(state);
}

/* Whether a reader whose queue is never found empty takes messages all the same. It gets one of TCP, which waits until the queue is
 * empty (hold.h); a reader that has stopped does not, because the wait would outlast its stop. */
static __always_inline bool has_read_since(const struct socket_state *state)
{
	__u64 unread = count_unread(state->peer.sock);

	return unread != UNKNOWN && unread >> 32 < state->backlog_messages;
}

/* Whether the peer takes this message from TCP in any case: what its bytes need, or their order, redirecting cannot give. */
static __always_inline enum gate needs_tcp(const struct socket_state *state, struct tcp_sock *own, struct tcp_sock *peer, struct sock *sk)
{
	if (state->shown.leaving == REASON_UNSUPPORTED_SOCKET)
		return GATE_LEAVING;
	if (!are_established(own, sk))
		return GATE_CLOSING;
	return is_in_order(own, peer) ? GATE_OPEN : GATE_ORDER;
}

/* Redirecting stops for a while; for good where bytes of TCP need the connection out of the map. */
static __always_inline enum gate stop_for_now(struct socket_state *state, enum gate gate, enum reason reason)
{
	if (must_leave_for_tcp() && !state->shown.leaving)
		begin_leaving(state, reason);
	return gate;
}

/* Whether redirecting is to stop, which it does at a message that finds the peer's queue empty. */
static __always_inline enum gate check_stop(struct socket_state *state, struct tcp_sock *own, struct tcp_sock *peer,
					       struct sock *sk, const struct shown *peer_shown, __u32 size,
					       const struct settings *settings)
{
	enum gate gate;

	if (state->shown.leaving)
		return GATE_LEAVING;
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

/* A reader that much behind is better served by TCP, which makes the sender wait. */
static __always_inline enum gate spill(struct socket_state *state, enum reason reason)
{
	if (!state->shown.leaving)
		begin_leaving(state, reason);
	return GATE_SPILL;
}

/* The last question: whether what the message costs the kernel until it is read is within all bounds. Where nothing is unread, TCP
 * may take a message in between. */
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

/* Whether a message is longer than what the peer's container was seen to read over TCP; it goes over TCP then, watched. */
static __always_inline bool begin_proof_if_longer(struct socket_state *state, struct sock *peer, __u32 size, bool empty, const struct settings *settings)
{
	__u64 bytes = size;

	if (!needs_proof(settings))
		return false;
	if (counts_tcp_alone() && !empty)
		bytes += unread_bytes(state, peer);
	if (!check_proven(state, bytes))
		return false;
	begin_proof(state, bytes, settings);
	if (must_leave_for_tcp())
		state->shown.unproven = bits_of(bytes);
	return true;
}

/* Where FIONREAD counts redirected bytes alone, a reader in the map that asks how much there is would be told nothing of what
 * goes over TCP. It finds no more of that than it was seen to take at once; before there is more, the connection leaves. */
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

/* Bytes of TCP that follow redirected ones wait for a retransmission unless the connection is out of the map by then
 * (must_leave_first(), hold.h). So what need not stop at once redirects on, for a moment, until nothing is under way. */
static __always_inline bool may_linger(const struct socket_state *state, const struct shown *peer)
{
	enum reason why = state->shown.leaving;

	if (!HAS_FULL_BARRIER || !must_leave_for_tcp() || peer->quiet)
		return false;
	if (why != REASON_ONE_WAY && why != REASON_OBSERVING && why != REASON_PEER_NOT_SELECTED &&
	    why != REASON_PATH_NOT_SELECTED)
		return false;
	return bpf_jiffies64() - state->leaving_since < LINGER_JIFFIES;
}

/* Whether a message that finds the peer's queue empty stops redirecting, as it should. */
static __always_inline bool stop_redirecting(struct socket_state *state, struct tcp_sock *own, struct sock *peer, const struct shown *peer_shown)
{
	if (!state->shown.leaving || peer_shown->quiet || claim_quiet_when_sending(state, (struct sock *)own, peer))
		return true;
	return !may_linger(state, peer_shown);
}

/* One queue at a time: a reader takes redirected bytes before those of TCP, and one that trusts a short read does not come
 * back for the second queue (epoll(7), Q9). So while redirected bytes are unread, more are redirected, whatever else there
 * is to say; only what cannot be redirected goes over TCP then, and hold.h keeps it from the reader. */
static __always_inline enum gate choose_gate(struct socket_state *state, struct tcp_sock *own, __u32 size,
					  const struct settings *settings)
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
	full_barrier(state); /* the socket's lock is taken; the peer's claim is read after it */
	if (!read_peer(state, &peer_shown) || !is_peer(state, sk)) {
		give_back_unless_held(state);
		return GATE_PEER_GONE;
	}
	if (!peer_shown.in_map) /* not yet, or no more */
		return GATE_UNPAIRED;
	stop = check_stop(state, own, peer, sk, &peer_shown, size, settings);
	empty = fast_queue_empty(sk);
	state->drained = empty;
	if (empty && stop != GATE_OPEN && stop_redirecting(state, own, sk, &peer_shown)) {
		/* what TCP takes for one message only is followed by what needs the lease again */
		if (state->lease && stop != GATE_CORKED && stop != GATE_LARGE && confirm_all_arrived(state, sk) && fast_queue_empty(sk))
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
	if (empty && stop == GATE_OPEN && (measures_timer(state, size) || refresh_is_due(state))) {
		refresh(state);
		return GATE_REFRESH;
	}
	if (!empty && stop == GATE_OPEN && refresh_is_due(state) && has_read_since(state)) {
		refresh(state);
		return must_leave_for_tcp() ? spill(state, REASON_ONE_WAY) : GATE_REFRESH;
	}
	gate = check_room(state, sk, size, empty, settings);
	if (gate != GATE_OPEN && empty && state->shown.leaving)
		claim_quiet_when_sending(state, (struct sock *)own, sk);
	return gate;
}

/* The lasting part of a verdict; passing gates (order, spill) leave the standing as it is. */
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
