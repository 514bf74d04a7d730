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
/* TCP's retransmission timer was set by a variance of 200 ms at first, of which a round trip over TCP takes a quarter
 * (net/ipv4/tcp_input.c, tcp_rtt_estimator()): after these it is as short as timers.h lets it be. */
#define TIMER_SAMPLES 8
#define MESSAGES_PER_SAMPLE 2

/* The connection goes back to TCP: redirecting stops at a message that finds the peer's queue empty, and both ends leave the
 * map once nothing is under way. The peer reads `leaving` with its next message. */
static __always_inline enum gate begin_leaving(struct end *end, enum standing standing)
{
	end->face.leaving = standing;
	end->leaving_since = bpf_jiffies64();
	end->face.quiet = 0;
	settle(end, standing);
	return GATE_LEAVING;
}

/* Looks again at both pods and at how their programs read, when the epoch says that something has changed. */
static __always_inline enum gate look_again(struct end *end, const struct settings *settings)
{
	/* read before the lookups: what changes meanwhile is then looked up again */
	__u64 epoch = *(volatile const __u64 *)&settings->epoch;
	__u32 own = end->netns, peers = end->peer.netns;
	enum standing habit;

	if (end->epoch == epoch)
		return GATE_OPEN;
	end->selected = bpf_map_lookup_elem(&pods, &own) && bpf_map_lookup_elem(&pods, &peers);
	end->epoch = epoch;
	if (crosses_a_limit(end, peers))
		return begin_leaving(end, STANDING_BANDWIDTH_LIMITED);
	habit = habit_of(end->container);
	if (habit == STANDING_NONE)
		habit = habit_of(end->peer.container);
	return habit == STANDING_NONE ? GATE_OPEN : begin_leaving(end, habit);
}

/* A reader asleep inside the kernel's TCP receive never sees redirected bytes; one that polls always does. A socket that
 * has become a blocking one leaves. One that asked to be woken for a minimum only (SO_RCVLOWAT) would be woken for less. */
static __always_inline enum gate reader_gate(struct end *end, struct sock *peer)
{
	if (!end->peer_file) {
		end->peer_file = (__u64)BPF_CORE_READ(peer, sk_socket, file);
		if (!end->peer_file)
			return GATE_UNACCEPTED;
	}
	if (!(PEEK(PEEKABLE(struct file, end->peer_file), f_flags) & O_NONBLOCK)) {
		if (++end->blocked < BLOCKED_FOR_GOOD)
			return GATE_BLOCKING_READER;
		if (!end->accepting)
			remember_acceptor(end->peer.container, HABIT_ACCEPTS_BLOCKING);
		return begin_leaving(end, STANDING_BLOCKING_READER);
	}
	end->blocked = 0;
	return PEEK(peer, sk_rcvlowat) > 1 ? GATE_BLOCKING_READER : GATE_OPEN;
}

/* Kernels before 5.16 flush unread redirected bytes when a half-closed reader reaches TIME_WAIT (sock_map_unhash). */
static __always_inline bool both_established(struct tcp_sock *own, struct sock *peer)
{
	return own->inet_conn.icsk_inet.sk.__sk_common.skc_state == BPF_TCP_ESTABLISHED &&
	       PEEK(peer, __sk_common.skc_state) == BPF_TCP_ESTABLISHED;
}

/* A reader drains redirected bytes before its TCP queue: redirect only when nothing sent earlier is unread there. */
static __always_inline bool in_order(struct tcp_sock *own, struct tcp_sock *peer)
{
	return PEEK(peer, copied_seq) == own->write_seq;
}

/* What a socket is does not change, or is noticed now and then; what its program asks of it may begin with any message. */
static __always_inline bool found_unsupported(struct tcp_sock *own, struct tcp_sock *peer, __u32 messages)
{
	if (messages < 16 || !(messages & 255))
		return unsupported(own) || unsupported(peer);
	return unsupported_by_now(own, peer);
}

/* Whether no message has gone over TCP for its own sake for so long that the rules of the network must see one. conntrack forgets a
 * connection whose bytes it no longer sees, and then answers its next segment with a reset (nf_conntrack_tcp_timeout_established;
 * net/netfilter/nf_conntrack_proto_tcp.c). One message, and its acknowledgement, renew both directions. */
static __always_inline bool refresh_is_due(const struct end *end)
{
	return bpf_jiffies64() - end->refreshed >= REFRESH_JIFFIES && bpf_ktime_get_ns() - end->refreshed_ns >= REFRESH_NS;
}

/* Whether TCP measures with this message how long to wait before it sends again. */
static __always_inline bool measures_timer(const struct end *end)
{
	return end->samples < TIMER_SAMPLES && !(end->face.messages % MESSAGES_PER_SAMPLE);
}

static __always_inline void refresh(struct end *end)
{
	end->samples += end->samples < TIMER_SAMPLES;
	note_refresh(end);
}

/* Whether a reader whose queue is never found empty takes messages all the same. It gets one of TCP, which waits until the queue is
 * empty (hold.h); a reader that has stopped does not, because the wait would outlast its stop. */
static __always_inline bool has_read_since(const struct end *end)
{
	__u64 unread = count_unread(end->peer.sock);

	return unread != UNKNOWN && unread >> 32 < end->backlog_messages;
}

/* Whether the peer takes this message from TCP in any case: what its bytes need, or their order, redirecting cannot give. */
static __always_inline enum gate needs_tcp(const struct end *end, struct tcp_sock *own, struct tcp_sock *peer, struct sock *sk)
{
	if (end->face.leaving == STANDING_UNSUPPORTED_SOCKET)
		return GATE_LEAVING;
	if (!both_established(own, sk))
		return GATE_CLOSING;
	return in_order(own, peer) ? GATE_OPEN : GATE_ORDER;
}

/* Redirecting stops for a while; for good where bytes of TCP need the connection out of the map. */
static __always_inline enum gate stop_by(struct end *end, enum gate gate, enum standing standing)
{
	if (tcp_needs_to_leave() && !end->face.leaving)
		begin_leaving(end, standing);
	return gate;
}

/* Whether redirecting is to stop, which it does at a message that finds the peer's queue empty. */
static __always_inline enum gate wants_to_stop(struct end *end, struct tcp_sock *own, struct tcp_sock *peer,
					       struct sock *sk, const struct face *face, __u32 size,
					       const struct settings *settings)
{
	enum gate gate;

	if (end->face.leaving)
		return GATE_LEAVING;
	if (settings->mode != MODE_ACCELERATE)
		return stop_by(end, GATE_MODE, STANDING_OBSERVING);
	gate = look_again(end, settings);
	if (gate != GATE_OPEN)
		return gate;
	if (!(settings->paths & end->path))
		return stop_by(end, GATE_DESELECTED, STANDING_PATH_NOT_SELECTED);
	if (!end->selected)
		return stop_by(end, GATE_DESELECTED, STANDING_PEER_NOT_SELECTED);
	if (face->leaving)
		return begin_leaving(end, face->leaving);
	if (!takes_turns(end, face, size))
		return begin_leaving(end, STANDING_ONE_WAY);
	if (found_unsupported(own, peer, end->face.messages))
		return begin_leaving(end, STANDING_UNSUPPORTED_SOCKET);
	if (size >= BULK_BYTES)
		return stop_by(end, GATE_LARGE, STANDING_ONE_WAY);
	if (end->face.messages < settings->warm_up) {
		begin_proof(end, size, settings);
		return GATE_WARM_UP;
	}
	gate = reader_gate(end, sk);
	if (gate != GATE_OPEN)
		return gate;
	return BPF_CORE_READ_BITFIELD(own, nonagle) & TCP_NAGLE_CORK ? GATE_CORKED : GATE_OPEN;
}

/* A reader that much behind is better served by TCP, which makes the sender wait. */
static __always_inline enum gate spill(struct end *end, enum standing standing)
{
	if (!end->face.leaving)
		begin_leaving(end, standing);
	return GATE_SPILL;
}

/* The last question: whether what the message costs the kernel until it is read is within all bounds. Where nothing is unread, TCP
 * may take a message in between. */
static __always_inline enum gate room_gate(struct end *end, struct sock *peer, __u32 size, bool empty, const struct settings *settings)
{
	enum standing refusal;

	if (!empty && refuses(peer))
		return spill(end, STANDING_ONE_WAY);
	refusal = find_room(end, peer, size, settings);
	if (refusal == STANDING_NONE)
		return GATE_OPEN;
	if (refusal == STANDING_ACCELERATED) {
		if (!tcp_needs_to_leave())
			return GATE_SPILL;
		refusal = STANDING_ONE_WAY;
	}
	return empty ? stop_by(end, GATE_SPILL, refusal) : spill(end, refusal);
}

/* Whether a message is longer than what the peer's container was seen to read over TCP; it goes over TCP then, watched. */
static __always_inline bool is_unproven(struct end *end, struct sock *peer, __u32 size, bool empty, const struct settings *settings)
{
	__u64 bytes = size;

	if (!asks_for_proof(settings))
		return false;
	if (counts_tcp_alone() && !empty)
		bytes += unread_bytes(end, peer);
	if (!exceeds_proven(end, bytes))
		return false;
	begin_proof(end, bytes, settings);
	if (tcp_needs_to_leave())
		end->face.unproven = bits_of(bytes);
	return true;
}

/* Where FIONREAD counts redirected bytes alone, a reader in the map that asks how much there is would be told nothing of what
 * goes over TCP. It finds no more of that than it was seen to take at once; before there is more, the connection leaves. */
static __always_inline enum gate over_tcp(struct end *end, struct tcp_sock *own, struct sock *peer, __u32 size,
					  const struct settings *settings, enum gate gate)
{
	__u32 unread = own->write_seq - PEEK(PEEKABLE(struct tcp_sock, peer), copied_seq) + size;

	if (!tcp_needs_to_leave() || end->face.leaving || !asks_for_proof(settings) || !exceeds_proven(end, unread))
		return gate;
	begin_leaving(end, STANDING_LEARNING);
	look_when_sending(end, (struct sock *)own, peer);
	return gate;
}

/* Bytes of TCP that follow redirected ones wait for a retransmission unless the connection is out of the map by then
 * (leaves_first(), hold.h). So what need not stop at once redirects on, for a moment, until nothing is under way. */
static __always_inline bool may_linger(const struct end *end, const struct face *peer)
{
	enum standing why = end->face.leaving;

	if (!HAS_FULL_BARRIER || !tcp_needs_to_leave() || peer->quiet)
		return false;
	if (why != STANDING_ONE_WAY && why != STANDING_OBSERVING && why != STANDING_PEER_NOT_SELECTED &&
	    why != STANDING_PATH_NOT_SELECTED)
		return false;
	return bpf_jiffies64() - end->leaving_since < LINGER_JIFFIES;
}

/* Whether a message that finds the peer's queue empty stops redirecting, as it should. */
static __always_inline bool stops(struct end *end, struct tcp_sock *own, struct sock *peer, const struct face *face)
{
	if (!end->face.leaving || face->quiet || look_when_sending(end, (struct sock *)own, peer))
		return true;
	return !may_linger(end, face);
}

/* One queue at a time: a reader takes redirected bytes before those of TCP, and one that trusts a short read does not come
 * back for the second queue (epoll(7), Q9). So while redirected bytes are unread, more are redirected, whatever else there
 * is to say; only what cannot be redirected goes over TCP then, and hold.h keeps it from the reader. */
static __always_inline enum gate consider(struct end *end, struct tcp_sock *own, __u32 size,
					  const struct settings *settings)
{
	struct tcp_sock *peer;
	struct face face;
	struct sock *sk;
	enum gate stop, gate;
	bool empty;

	if (settings->mode != MODE_ACCELERATE && end->drained && !tcp_needs_to_leave())
		return GATE_MODE;
	if (!take_joint(end))
		return settings->mode == MODE_ACCELERATE ? GATE_UNPAIRED : GATE_MODE;
	peer = PEEKABLE(struct tcp_sock, end->peer.sock);
	sk = PEEKABLE(struct sock, end->peer.sock);
	full_barrier(end); /* the socket's lock is taken; the peer's claim is read after it */
	if (!peer_face(end, &face) || !is_peer(end, sk)) {
		give_back_unless_held(end);
		return GATE_PEER_GONE;
	}
	if (!face.in_map) /* not yet, or no more */
		return GATE_UNPAIRED;
	stop = wants_to_stop(end, own, peer, sk, &face, size, settings);
	empty = fast_queue_empty(sk);
	end->drained = empty;
	if (empty && stop != GATE_OPEN && stops(end, own, sk, &face)) {
		/* what TCP takes for one message only is followed by what needs the lease again */
		if (end->lease && stop != GATE_CORKED && stop != GATE_LARGE && all_arrived(end, sk) && fast_queue_empty(sk))
			give_back(end, end->lease);
		return over_tcp(end, own, sk, size, settings, stop);
	}
	gate = needs_tcp(end, own, peer, sk);
	if (gate != GATE_OPEN)
		return over_tcp(end, own, sk, size, settings, gate);
	if (empty && redirects_alone(end)) {
		forget_backlog(end);
		spare(end, size);
	}
	if (empty && end->proving)
		end_proof(end, settings);
	if (is_unproven(end, sk, size, empty, settings)) {
		gate = stop_by(end, GATE_UNPROVEN, STANDING_LEARNING);
		if (empty && end->face.leaving)
			look_when_sending(end, (struct sock *)own, sk);
		return gate;
	}
	if (empty && stop == GATE_OPEN && (measures_timer(end) || refresh_is_due(end))) {
		refresh(end);
		return GATE_REFRESH;
	}
	if (!empty && stop == GATE_OPEN && refresh_is_due(end) && has_read_since(end)) {
		refresh(end);
		return tcp_needs_to_leave() ? spill(end, STANDING_ONE_WAY) : GATE_REFRESH;
	}
	gate = room_gate(end, sk, size, empty, settings);
	if (gate != GATE_OPEN && empty && end->face.leaving)
		look_when_sending(end, (struct sock *)own, sk);
	return gate;
}

/* The lasting part of a verdict; passing gates (order, spill) leave the standing as it is. */
static __always_inline void settle_by(struct end *end, enum gate gate, const struct settings *settings)
{
	if (end->face.leaving)
		return;
	if (gate == GATE_BLOCKING_READER)
		settle(end, STANDING_BLOCKING_READER);
	else if (gate == GATE_DESELECTED)
		settle(end, settings->paths & end->path ? STANDING_PEER_NOT_SELECTED : STANDING_PATH_NOT_SELECTED);
	else if (gate == GATE_OPEN)
		settle(end, STANDING_ACCELERATED);
}

#endif
