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

static __always_inline void set_words(struct address *address, const struct in6_addr *from)
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
	set_words(&local->address, &own);
	set_words(&remote->address, &other);
}

static __always_inline bool reads_safely(struct sock *sk)
{
	return is_polled(sk) && BPF_CORE_READ(sk, sk_rcvlowat) <= 1;
}

/* Whether an open connection takes turns, by the segments with data each way since the last departure or stream. A
 * segment is at most 64 KiB, and on an Ethernet path about 1.4 KiB. */
static __always_inline bool worth_joining(struct end *end, struct tcp_sock *tp)
{
	__u32 received = BPF_CORE_READ(tp, data_segs_in), sent = BPF_CORE_READ(tp, data_segs_out);
	__u32 in = received - end->seen_in, out = sent - end->seen_out;
	__u32 turns = in < out ? in : out, most = in < out ? out : in;

	if (most / LONGEST_RUN > turns) {	/* a stream: what comes after it counts */
		end->seen_in = received;
		end->seen_out = sent;
		return false;
	}
	return turns >= (__u32)WORTH_JOINING_TURNS << (end->departures & 7);
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

static __always_inline bool known(const struct handshake *handshake)
{
	return handshake->client_next || handshake->server_next;
}

/* Counts a socket that was opened unseen, and asks for the callback of its close. */
static __always_inline struct end *meet(struct tcp_sock *tp, __u64 cookie, const struct pod *pod, const struct settings *settings)
{
	int had = BPF_CORE_READ(tp, bpf_sock_ops_cb_flags), flags = had | BPF_SOCK_OPS_STATE_CB_FLAG;
	__u32 netns = netns_of((struct sock *)tp);
	struct end *end;

	if (!has_end_left(netns, settings))
		return NULL;

	/* before 6.12 only the socket's own programs can ask: whatever was open before them stays uncounted, on TCP */
	if (had != flags && bpf_setsockopt(tp, SOL_TCP, TCP_BPF_SOCK_OPS_CB_FLAGS, &flags, sizeof(flags)))
		return NULL;
	end = NEW_END(tp, netns, settings);
	if (!end)
		return NULL;
	begin_end(end, cookie, tp, pod);
	end->seen_read = BPF_CORE_READ(tp, copied_seq);
	settle(end, STANDING_PEER_NOT_SELECTED);
	return end;
}

/* Whether an end on its own has a chance to join, looked at anew when the selection has changed. */
static __always_inline void reconsider(struct end *end, struct tcp_sock *tp, const struct address *local,
				       const struct endpoint *remote, const struct settings *settings)
{
	enum standing standing;

	if (end->epoch == settings->epoch || (end->standing != STANDING_PEER_NOT_SELECTED &&
	    end->standing != STANDING_PEER_ELSEWHERE && end->standing != STANDING_PATH_NOT_SELECTED &&
	    end->standing != STANDING_PEER_OWN_KERNEL &&
	    end->standing != STANDING_UNWATCHED_READER))
		return;
	end->epoch = settings->epoch;
	end->path = likely_path(tp, local, &remote->address);
	standing = end->path == PATH_NONE ? standing_alone(&remote->address) : by_history(end->netns, remote, settings);
	settle(end, standing == STANDING_NONE ? STANDING_LEARNING : standing);
}

/* Into the map while it is open; STANDING_NONE, or why not. */
static __always_inline enum standing enter_open(struct end *end, struct tcp_sock *tp, struct sock *sk,
						const struct settings *settings)
{
	int had = BPF_CORE_READ(tp, bpf_sock_ops_cb_flags), flags = had | DATA_CALLBACKS;
	enum standing refusal = may_enter(end, tp, settings);
	__u64 cookie = end->face.cookie;

	if (refusal != STANDING_NONE)
		return refusal;
	if (!reads_safely(sk))
		return STANDING_BLOCKING_READER;
	if (bpf_map_update_elem(&sockets, &cookie, tp, BPF_NOEXIST))
		return STANDING_SOCKET_IN_USE;
	/* refused before 6.12: without them a connection leaves the map by visits alone */
	if (had != flags && !bpf_setsockopt(tp, SOL_TCP, TCP_BPF_SOCK_OPS_CB_FLAGS, &flags, sizeof(flags)))
		end->own_callbacks |= flags & ~had;
	entered(end);
	if (end->quick_timers && BPF_CORE_READ(tp, data_segs_out) >= TIMER_SAMPLES)
		end->samples = TIMER_SAMPLES;	/* since it is learnt, TCP has measured by each of them */
	QUICKEN_TIMERS(tp, end);
	return STANDING_NONE;
}

/* No longer waits to be found: what took itself for a connecting end turns out to be an accepting one. */
static __always_inline void withdraw(struct end *end)
{
	if (end->candidate)
		bpf_map_delete_elem(&candidates, &end->face.handshake);
	end->candidate = 0;
}

/* The accepting end's part: answers a candidate with itself, in the map, or with why not. */
static __always_inline bool answer(struct end *end, struct tcp_sock *tp, struct sock *sk, const struct half *half,
				   const struct handshake *handshake, const struct settings *settings)
{
	struct joint joint = {};
	__u64 client = half->identity.cookie;
	enum standing refusal;

	withdraw(end);
	end->face.handshake = *handshake;
	know_peer(end, &half->identity);
	end->accepting = 1;
	refusal = enter_open(end, tp, sk, settings);
	joint.identity = identity_of(end, tp);
	joint.path = end->path;
	joint.standing = refusal;
	if (refusal != STANDING_NONE)
		joint.identity.cookie = 0;
	if (bpf_map_update_elem(&joints, &client, &joint, BPF_ANY)) {
		leave_map(end);
		refusal = STANDING_LIMIT_REACHED;
	}
	if (refusal != STANDING_NONE) {
		end->peer.cookie = 0;
		settle(end, refusal);
	}
	return true;
}

/* The connecting end's part: the last step, after which bytes are redirected. */
static __always_inline bool complete(struct end *end, struct tcp_sock *tp, struct sock *sk, const struct joint *joint,
				     const struct endpoint *local, const struct endpoint *remote,
				     const struct settings *settings)
{
	struct origdst row = { .client_cookie = end->face.cookie, .slot = end->slot, .path = joint->path,
			       .client = *local, .original = *remote };
	struct sock *peer = (void *)joint->identity.sock;
	__u64 accepting = joint->identity.cookie;
	struct target target = target_of(end->netns, remote);
	struct endpoint other;
	struct face face;
	enum standing refusal = joint->standing;

	if (accepting) {
		know_peer(end, &joint->identity);
		refusal = enter_open(end, tp, sk, settings);
		socket_endpoints(peer, &row.redirected, &other);
		if (refusal == STANDING_NONE && bpf_map_update_elem(&origdsts, &accepting, &row, BPF_NOEXIST)) {
			leave_map(end);
			refusal = STANDING_LIMIT_REACHED;
		}
		/* closed before it could see the row: whoever takes the row away clears up */
		if (refusal == STANDING_NONE && !peer_face(end, &face) && !forget_original(accepting)) {
			leave_map(end);
			refusal = STANDING_PEER_NOT_SELECTED;
		}
	}
	if (refusal != STANDING_NONE) {
		end->peer.cookie = 0;
		settle(end, refusal);
		return true;
	}
	end->joined = 1;
	remember_turns(&target, WEIGHTIEST_TURNS, STANDING_SHORT_LIVED, true);
	settle(end, STANDING_ACCELERATED);
	mark_adopted(end, true);
	return true;
}

/* Takes over a candidate's half, if this socket is the one it looks for. */
static __always_inline bool find_candidate(const struct handshake *handshake, const struct address *remote, __u32 netns,
					   struct half *half)
{
	struct half *found = bpf_map_lookup_elem(&candidates, handshake);

	if (!found || !see_each_other(found, netns, remote))
		return false;
	*half = *found;
	return !bpf_map_delete_elem(&candidates, handshake);
}

/* Whether the standing of an end that is not joined may still change. */
static __always_inline bool may_still_join(enum standing standing)
{
	return standing == STANDING_LEARNING || standing == STANDING_SHORT_LIVED || standing == STANDING_ONE_WAY ||
	       standing == STANDING_OBSERVING || standing == STANDING_LIMIT_REACHED;
}

/* An end that has looked for its peer in vain may have looked too early: the other may find it yet. */
static __always_inline bool may_be_found(enum standing standing)
{
	return may_still_join(standing) || standing == STANDING_PEER_NOT_SELECTED;
}

/* One end that is open and not joined. True when it took a step. */
static __always_inline bool approach(struct end *end, struct tcp_sock *tp, struct sock *sk,
				     const struct endpoint *local, const struct endpoint *remote,
				     const struct settings *settings)
{
	__u64 cookie = end->face.cookie;
	struct handshake handshake;
	struct joint *joint, taken;
	struct half half = {};

	if (!may_be_found(end->standing))
		return false;
	joint = bpf_map_lookup_elem(&joints, &cookie);
	if (joint) {
		taken = *joint;
		bpf_map_delete_elem(&joints, &cookie);
		return complete(end, tp, sk, &taken, local, remote, settings);
	}
	handshake = end->accepting && known(&end->face.handshake) ? end->face.handshake : handshake_as_accepting(tp);
	if (find_candidate(&handshake, &remote->address, end->netns, &half))
		return answer(end, tp, sk, &half, &handshake, settings);
	if (end->accepting || !may_still_join(end->standing) || is_stranger(end, settings) ||
	    !worth_joining(end, tp))
		return false;
	if (!known(&end->face.handshake))
		end->face.handshake = handshake_as_connecting(tp);
	half.identity = identity_of(end, tp);
	half.client = *local;
	half.original = *remote;
	if (!bpf_map_update_elem(&candidates, &end->face.handshake, &half, BPF_NOEXIST)) {
		end->candidate = 1;
		return true;
	}
	/* still there since the last visit: every selected pod has been visited, and none has the other end */
	withdraw(end);
	settle(end, opened_fast(tp) ? STANDING_UNSUPPORTED_SOCKET : STANDING_PEER_NOT_SELECTED);
	return false;
}

#endif
