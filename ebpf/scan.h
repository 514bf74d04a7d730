/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Visits to open connections, by iter/tcp in the network namespace of one selected pod: whatever did not join when it
 * opened - because it was open before, its destination was unknown, or it had left as a stream - joins now if it takes
 * turns; what is joined is looked after. */
#ifndef SIDECAR_ACCELERATION_SCAN_H
#define SIDECAR_ACCELERATION_SCAN_H

#include "adopt.h"
#include "leaving.h"

#define SOL_SOCKET 1
#define SO_RCVLOWAT 18		/* include/uapi/asm-generic/socket.h; the same on x86-64 and arm64 */

/* A function of its own puts the layout of what is written into the BTF, where the agent reads it. */
static __noinline int write_scan_record(struct bpf_iter_meta *meta, const struct scan_record *found)
{
	bpf_seq_write(meta->seq, found, sizeof(*found));
	return 0;
}

static __always_inline int write_finding(struct bpf_iter_meta *meta, enum finding finding, struct sock *sk, __u32 proven)
{
	struct scan_record found = {
		.finding = finding,
		.netns = netns_of(sk),
		.container = container_of_socket(sk),
		.proven = proven,
	};

	return write_scan_record(meta, &found);
}

/* Wakes a reader: setting SO_RCVLOWAT to what it is does (tcp_set_rcvlowat(), net/ipv4/tcp.c). */
static __always_inline void wake_reader(struct socket_state *state, struct tcp_sock *tp, struct sock *sk)
{
	int low_water = BPF_CORE_READ(sk, sk_rcvlowat);

	if (!bpf_setsockopt(tp, SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof(low_water)))
		COUNT(state->slot, woken);
}

static __always_inline bool has_unread_tcp(struct tcp_sock *tp)
{
	return BPF_CORE_READ(tp, rcv_nxt) != BPF_CORE_READ(tp, copied_seq);
}

/* Whether its program has read over TCP since the last visit. */
static __always_inline bool note_read(struct socket_state *state, struct tcp_sock *tp)
{
	__u32 read = BPF_CORE_READ(tp, copied_seq);
	bool moved = state->seen_read != read;

	state->seen_read = read;
	return moved;
}

/* Bytes of TCP have been lying since the last visit although the reader polls. */
static __always_inline bool is_left_unread(bool read, struct tcp_sock *tp, struct sock *sk)
{
	return !read && has_unread_tcp(tp) && fast_queue_empty(sk);
}

/* Messages of one kind are up to four times as long as their average. Where that makes a reader ask FIONREAD for the first time
 * it must be told the whole. */
#define OVER_AVERAGE (counts_tcp_alone() ? 1 : 4)

/* How much a program that was watched has read at once: what made the connection leave, or messages as they come. */
static __always_inline __u32 read_at_once(struct tcp_sock *tp)
{
	struct socket_state *state = bpf_sk_storage_get(&socket_states, tp, NULL, 0);
	__u64 bytes = BPF_CORE_READ(tp, bytes_received);
	__u32 segments = BPF_CORE_READ(tp, data_segs_in), usual, proof = 0;

	usual = proof_by(OVER_AVERAGE * (segments ? bytes / segments : bytes));
	if (state)
		proof = bytes_of(state->unproven);
	return proof > usual ? proof : usual;
}

/* The walk over all connections holds a reference to the one it shows. */
#define SCAN_REFERENCES 1

/* A joined end is well, or its reader sleeps over bytes that a FIONREAD of its own made it miss: the connection is
 * better off out of the map, and without data it leaves by visits alone. What a reader missed until it was out wakes it
 * then. True while it is about to leave. */
static __always_inline bool scan_joined(struct socket_state *state, struct tcp_sock *tp, struct sock *sk,
					      const struct settings *settings)
{
	release_idle_lease(state);
	if (was_taken_out(state)) {
		follow_peer_out(state, tp);
	} else {
		if (!state->shown.leaving && settings->mode != MODE_ACCELERATE && must_leave_for_tcp())
			begin_leaving(state, REASON_OBSERVING);
		if (!state->shown.leaving && is_left_unread(note_read(state, tp), tp, sk))
			begin_leaving(state, REASON_ONE_WAY);
		if (!try_to_leave(state, tp, SCAN_REFERENCES))
			return state->shown.leaving;
	}
	RESTORE_TIMERS(tp, state);
	if (has_unread_tcp(tp))
		wake_reader(state, tp, sk);
	return false;
}

/* An accepting end that answered a candidate: joined by now, still expected, or left alone. */
static __always_inline void scan_answered(struct socket_state *state, struct tcp_sock *tp)
{
	__u64 own = state->shown.cookie, client = state->peer.cookie;

	if (bpf_map_lookup_elem(&origdsts, &own)) {
		state->joined = 1;
		set_reason(state, REASON_ACCELERATED);
		mark_adopted(state, true);
	} else if (!bpf_map_lookup_elem(&pairing_results, &client)) {
		leave_map(state);
		RESTORE_TIMERS(tp, state);
		state->peer.cookie = 0;
	}
}

/* An end on its way to be closed, or of a pod that is selected no more, may stay so for long. */
static __always_inline int scan_idle(struct tcp_sock *tp)
{
	struct socket_state *state = bpf_sk_storage_get(&socket_states, tp, NULL, 0);

	if (state)
		release_idle_lease(state);
	return 0;
}

/* What was found: a step towards being joined, or a reader nobody knows yet; 0 for neither. */
static __always_inline enum finding scan(struct tcp_sock *tp, struct sock *sk, const struct pod *pod,
				  const struct settings *settings)
{
	struct socket_state *state = bpf_sk_storage_get(&socket_states, tp, NULL, 0);
	struct endpoint local, remote;
	__u64 cookie = bpf_get_socket_cookie(tp);
	struct sampled_connection sample;
	bool read;

	if (state && state->reason == REASON_NONE)
		state = NULL;	/* of an earlier connection of this socket */
	if (state && state->peer.cookie && !state->joined) {
		scan_answered(state, tp);
		return 0;
	}
	if (state && state->peer.cookie) {
		if (scan_joined(state, tp, sk, settings))
			return FINDING_STEP;
		if (state->peer.cookie)
			return 0;
		/* parted just now: the other end may look for it already */
	}
	if (settings->mode == MODE_OFF) {
		if (state)
			count_sent(state, tp);
		return 0;
	}
	socket_endpoints(sk, &local, &remote);
	if (!state) {
		end_sample(cookie, &sample);	/* taken for a short one; from now on it counts for itself */
		state = follow_open_socket(tp, cookie, pod, settings);
	}
	if (!state)
		return 0;
	count_sent(state, tp);
	if (state->accepting && state->acceptor_unknown && BPF_CORE_READ(tp, bytes_acked))
		learn_from_accepted(state, sk);
	read = note_read(state, tp);
	if (state->departures && is_left_unread(read, tp, sk))
		wake_reader(state, tp, sk);
	reconsider(state, tp, &local.address, &remote, settings);
	if (settings->mode != MODE_ACCELERATE)
		return 0;
	if (adopt(state, tp, sk, &local, &remote, settings))
		return FINDING_STEP;
	if (state->reason != REASON_LEARNING)
		RESTORE_TIMERS(tp, state);
	/* also of short connections: the next ones may be worth joining when they open */
	if (!read || !is_unknown_reader(state, settings) || !may_still_join(state->reason))
		return 0;
	if (!settings->unwatched)
		return FINDING_UNKNOWN_READER;
	set_reason(state, REASON_UNWATCHED_READER);
	return 0;
}

#endif
