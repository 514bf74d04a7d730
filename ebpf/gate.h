/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* May this message take the fast path? Every "no" is a gate with a name, and means plain TCP.
 *
 * The peer is read through its addresses by probe: a stale address reads garbage and never faults, the cookies tell,
 * and the redirect itself goes by cookie through the SOCKHASH, so a wrong guess can cost speed but no byte. */
#ifndef SIDECAR_ACCELERATION_GATE_H
#define SIDECAR_ACCELERATION_GATE_H

#include "pairing.h"

/* include/linux/skmsg.h keeps flags in the low bits of sk_user_data (one bit in 5.10, three since 5.19) */
#define USER_DATA_FLAGS 7UL
/* Messages without an answer after which a connection is a stream. */
#define LONGEST_RUN 64
#define TCP_NAGLE_CORK 2	/* include/net/tcp.h */
/* Until what one processor has written is seen by all. */
#define LEAVING_GRACE_NS 1000000ULL
/* 0.25 s to 2.5 s, by the kernel's HZ of 1000 to 100. */
#define REFRESH_JIFFIES 250

static __always_inline bool fast_queue_empty(struct sock *sk)
{
	__u64 address = (__u64)PEEK(PEEKABLE(struct sock, sk), sk_user_data) & ~USER_DATA_FLAGS;
	__u64 head = address + bpf_core_field_offset(struct sk_psock, ingress_msg);

	if (!address)
		return true;
	return (__u64)PEEK(PEEKABLE(struct sk_psock, address), ingress_msg.next) == head;
}

/* The connection goes back to TCP: nothing is redirected from now on, and it leaves the map once nothing is under
 * way. The peer reads `leaving` with its next message. */
static __always_inline enum gate begin_leaving(struct end *end, enum standing standing)
{
	end->face.leaving = standing;
	end->leaving_since = bpf_ktime_get_ns();
	settle(end, standing);
	return GATE_LEAVING;
}

/* A sender of the peer's that began before it could see `leaving` owned its socket's lock then. One moment without an
 * owner, when all that can have seen it do, and there is none left; whoever owns the lock later is a reader or aware. */
static __always_inline void watch_peer_stop(struct end *end, struct sock *peer, __u64 now)
{
	if (!end->peer_stopped && now - end->leaving_since >= LEAVING_GRACE_NS && !PEEK(peer, sk_lock.owned))
		end->peer_stopped = 1;
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
	habit = habit_of(end->container);
	if (habit == STANDING_NONE)
		habit = habit_of(end->peer.container);
	return habit == STANDING_NONE ? GATE_OPEN : begin_leaving(end, habit);
}

/* A reader asleep inside the kernel's TCP receive never sees redirected bytes; one that polls always does. One that
 * asked to be woken for a minimum only (SO_RCVLOWAT) would be woken for less. */
static __always_inline enum gate reader_gate(struct end *end, struct sock *peer)
{
	if (!end->peer_file) {
		end->peer_file = (__u64)BPF_CORE_READ(peer, sk_socket, file);
		if (!end->peer_file)
			return GATE_UNACCEPTED;
	}
	if (!(PEEK(PEEKABLE(struct file, end->peer_file), f_flags) & O_NONBLOCK) || PEEK(peer, sk_rcvlowat) > 1)
		return GATE_BLOCKING_READER;
	return GATE_OPEN;
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

static __always_inline bool is_peer(const struct end *end, struct sock *peer)
{
	return (__u64)PEEK(peer, __sk_common.skc_cookie.counter) == end->peer.cookie;
}

/* Whether the two take turns. A stream of many messages runs better over TCP, which puts them together. */
static __always_inline bool takes_turns(struct end *end, const struct face *peer)
{
	if (peer->messages != end->heard) {
		end->heard = peer->messages;
		end->run = 0;
		end->turns++;
	}
	return ++end->run <= LONGEST_RUN;
}

/* Options are mostly set when a connection begins; where each look is a call, later ones are noticed now and then. */
static __always_inline bool found_unsupported(struct tcp_sock *own, struct tcp_sock *peer, __u32 messages)
{
	if (messages < 16 || !(messages & 255))
		return unsupported(own) || unsupported(peer);
	return offers.readonly_cast && unsupported_by_now(own, peer);
}

/* conntrack forgets a connection whose bytes it no longer sees, and then answers its next segment with a reset
 * (nf_conntrack_tcp_timeout_established; net/netfilter/nf_conntrack_proto_tcp.c). One message over TCP, and its
 * acknowledgement, renew both directions. Where the peer's queue is never found empty, spilling does it. */
static __always_inline bool time_to_refresh(struct end *end)
{
	__u64 now = bpf_jiffies64();

	if (now - end->refreshed < REFRESH_JIFFIES)
		return false;
	end->refreshed = now;
	return true;
}

static __always_inline enum gate consider(struct end *end, struct tcp_sock *own, __u32 size,
					  const struct settings *settings)
{
	struct tcp_sock *peer;
	struct face face;
	struct sock *sk;
	enum gate gate;

	if (settings->mode != MODE_ACCELERATE)
		return GATE_MODE;
	if (!take_joint(end))
		return GATE_UNPAIRED;
	if (end->face.leaving) {
		if (!end->peer_stopped)
			watch_peer_stop(end, PEEKABLE(struct sock, end->peer.sock), bpf_ktime_get_ns());
		return GATE_LEAVING;
	}
	gate = look_again(end, settings);
	if (gate != GATE_OPEN)
		return gate;
	if (!end->selected || !(settings->paths & end->path))
		return GATE_DESELECTED;
	peer = PEEKABLE(struct tcp_sock, end->peer.sock);
	sk = PEEKABLE(struct sock, end->peer.sock);
	if (!peer_face(end, &face) || !is_peer(end, sk))
		return GATE_PEER_GONE;
	if (!face.in_map) /* not yet, or no more */
		return GATE_UNPAIRED;
	if (face.leaving)
		return begin_leaving(end, face.leaving);
	if (!takes_turns(end, &face))
		return begin_leaving(end, STANDING_ONE_WAY);
	if (found_unsupported(own, peer, end->face.messages))
		return begin_leaving(end, STANDING_UNSUPPORTED_SOCKET);
	if (end->face.messages < settings->warm_up)
		return GATE_WARM_UP;
	if (!both_established(own, sk))
		return GATE_CLOSING;
	gate = reader_gate(end, sk);
	if (gate != GATE_OPEN)
		return gate;
	if (!in_order(own, peer))
		return GATE_ORDER;
	if (BPF_CORE_READ_BITFIELD(own, nonagle) & TCP_NAGLE_CORK)
		return GATE_CORKED;
	if (!fast_queue_empty(sk))
		return end->backlog + size > settings->spill_bytes ? GATE_SPILL : GATE_OPEN;
	end->backlog = 0;
	return time_to_refresh(end) ? GATE_REFRESH : GATE_OPEN;
}

/* A reader that splices takes TCP bytes before redirected ones. Where it began to while some lay unread, the next
 * message would overtake them: better an error at the sender than bytes out of order. */
static __always_inline bool would_overtake(const struct end *end)
{
	__u64 peer = end->peer.cookie;

	return end->face.leaving == STANDING_SPLICING_READER && bpf_map_lookup_elem(&spliced, &peer) &&
	       !fast_queue_empty((struct sock *)end->peer.sock);
}

/* The lasting part of a verdict; passing gates (order, spill) leave the standing as it is. */
static __always_inline void settle_by(struct end *end, enum gate gate, const struct settings *settings)
{
	if (gate == GATE_BLOCKING_READER)
		settle(end, STANDING_BLOCKING_READER);
	else if (gate == GATE_DESELECTED)
		settle(end, settings->paths & end->path ? STANDING_PEER_NOT_SELECTED : STANDING_PATH_NOT_SELECTED);
	else if (gate == GATE_OPEN)
		settle(end, STANDING_ACCELERATED);
}

#endif
