/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Visits to open connections, by iter/tcp in the network namespace of one selected pod: whatever did not join when it
 * opened - because it was open before, its destination was unknown, or it had left as a stream - joins now if it takes
 * turns; what is joined is looked after. */
#ifndef SIDECAR_ACCELERATION_VISIT_H
#define SIDECAR_ACCELERATION_VISIT_H

#include "adopt.h"
#include "leaving.h"

#define SOL_SOCKET 1
#define SO_RCVLOWAT 18		/* include/uapi/asm-generic/socket.h; the same on x86-64 and arm64 */

/* A function of its own puts the layout of what is written into the BTF, where the agent reads it. */
static __noinline int write_found(struct bpf_iter_meta *meta, const struct found *found)
{
	bpf_seq_write(meta->seq, found, sizeof(*found));
	return 0;
}

static __always_inline int report(struct bpf_iter_meta *meta, enum finding finding, struct sock *sk, __u32 proven)
{
	struct found found = {
		.finding = finding,
		.netns = netns_of(sk),
		.container = container_of_socket(sk),
		.proven = proven,
	};

	return write_found(meta, &found);
}

/* Wakes a reader: setting SO_RCVLOWAT to what it is does (tcp_set_rcvlowat(), net/ipv4/tcp.c). */
static __always_inline void nudge(struct end *end, struct tcp_sock *tp, struct sock *sk)
{
	int low_water = BPF_CORE_READ(sk, sk_rcvlowat);

	if (!bpf_setsockopt(tp, SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof(low_water)))
		COUNT(end->slot, nudged);
}

static __always_inline bool unread_over_tcp(struct tcp_sock *tp)
{
	return BPF_CORE_READ(tp, rcv_nxt) != BPF_CORE_READ(tp, copied_seq);
}

/* Whether its program has read over TCP since the last visit. */
static __always_inline bool has_read(struct end *end, struct tcp_sock *tp)
{
	__u32 read = BPF_CORE_READ(tp, copied_seq);
	bool moved = end->seen_read != read;

	end->seen_read = read;
	return moved;
}

/* Bytes of TCP have been lying since the last visit although the reader polls. */
static __always_inline bool lies_unread(bool read, struct tcp_sock *tp, struct sock *sk)
{
	return !read && unread_over_tcp(tp) && fast_queue_empty(sk);
}

/* Messages of one kind are up to four times as long as their average. Where that makes a reader ask FIONREAD for the first time
 * it must be told the whole. */
#define OVER_AVERAGE (counts_tcp_alone() ? 1 : 4)

/* How much a program that was watched has read at once: what made the connection leave, or messages as they come. */
static __always_inline __u32 read_at_once(struct tcp_sock *tp)
{
	struct end *end = bpf_sk_storage_get(&ends, tp, NULL, 0);
	__u64 bytes = BPF_CORE_READ(tp, bytes_received);
	__u32 segments = BPF_CORE_READ(tp, data_segs_in), usual, proof = 0;

	usual = proof_by(OVER_AVERAGE * (segments ? bytes / segments : bytes));
	if (end)
		proof = bytes_of(end->unproven);
	return proof > usual ? proof : usual;
}

/* The walk over all connections holds a reference to the one it shows. */
#define VISITORS 1

/* A joined end is well, or its reader sleeps over bytes that a FIONREAD of its own made it miss: the connection is
 * better off out of the map, and without data it leaves by visits alone. What a reader missed until it was out wakes it
 * then. True while it is about to leave. */
static __always_inline bool look_after_joined(struct end *end, struct tcp_sock *tp, struct sock *sk,
					      const struct settings *settings)
{
	rest(end);
	if (was_parted(end)) {
		part_too(end, tp);
	} else {
		if (!end->face.leaving && settings->mode != MODE_ACCELERATE && tcp_needs_to_leave())
			begin_leaving(end, STANDING_OBSERVING);
		if (!end->face.leaving && lies_unread(has_read(end, tp), tp, sk))
			begin_leaving(end, STANDING_ONE_WAY);
		if (!try_to_leave(end, tp, VISITORS))
			return end->face.leaving;
	}
	RESTORE_TIMERS(tp, end);
	if (unread_over_tcp(tp))
		nudge(end, tp, sk);
	return false;
}

/* An accepting end that answered a candidate: joined by now, still expected, or left alone. */
static __always_inline void look_after_answered(struct end *end, struct tcp_sock *tp)
{
	__u64 own = end->face.cookie, client = end->peer.cookie;

	if (bpf_map_lookup_elem(&origdsts, &own)) {
		end->joined = 1;
		settle(end, STANDING_ACCELERATED);
		mark_adopted(end, true);
	} else if (!bpf_map_lookup_elem(&joints, &client)) {
		leave_map(end);
		RESTORE_TIMERS(tp, end);
		end->peer.cookie = 0;
	}
}

/* An end on its way to be closed, or of a pod that is selected no more, may stay so for long. */
static __always_inline int visit_idle(struct tcp_sock *tp)
{
	struct end *end = bpf_sk_storage_get(&ends, tp, NULL, 0);

	if (end)
		rest(end);
	return 0;
}

/* What was found: a step towards being joined, or a reader nobody knows yet; 0 for neither. */
static __always_inline enum finding visit(struct tcp_sock *tp, struct sock *sk, const struct pod *pod,
				  const struct settings *settings)
{
	struct end *end = bpf_sk_storage_get(&ends, tp, NULL, 0);
	struct endpoint local, remote;
	__u64 cookie = bpf_get_socket_cookie(tp);
	struct brief brief;
	bool read;

	if (end && end->standing == STANDING_NONE)
		end = NULL;	/* of an earlier connection of this socket */
	if (end && end->peer.cookie && !end->joined) {
		look_after_answered(end, tp);
		return 0;
	}
	if (end && end->peer.cookie) {
		if (look_after_joined(end, tp, sk, settings))
			return FINDING_MOVED;
		if (end->peer.cookie)
			return 0;
		/* parted just now: the other end may look for it already */
	}
	if (settings->mode == MODE_OFF) {
		if (end)
			count_sent(end, tp);
		return 0;
	}
	socket_endpoints(sk, &local, &remote);
	if (!end) {
		end_brief(cookie, &brief);	/* taken for a short one; from now on it counts for itself */
		end = meet(tp, cookie, pod, settings);
	}
	if (!end)
		return 0;
	count_sent(end, tp);
	if (end->accepting && end->watched && BPF_CORE_READ(tp, bytes_acked))
		observe_accepted(end, sk);
	read = has_read(end, tp);
	if (end->departures && lies_unread(read, tp, sk))
		nudge(end, tp, sk);
	reconsider(end, tp, &local.address, &remote, settings);
	if (settings->mode != MODE_ACCELERATE)
		return 0;
	if (approach(end, tp, sk, &local, &remote, settings))
		return FINDING_MOVED;
	if (end->standing != STANDING_LEARNING)
		RESTORE_TIMERS(tp, end);
	/* also of short connections: the next ones may be worth joining when they open */
	if (!read || !is_stranger(end, settings) || !may_still_join(end->standing))
		return 0;
	if (!settings->unwatched)
		return FINDING_STRANGER;
	settle(end, STANDING_UNWATCHED_READER);
	return 0;
}

#endif
