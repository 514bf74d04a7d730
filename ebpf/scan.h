/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Scans the open connections of one selected pod, by iter/tcp in its network namespace. A connection that was not joined when it opened is adopted
 * if it takes turns: it may have been open before, its destination may have been unknown, or it may have left as a stream. A connection that is
 * joined is checked. */
#ifndef SIDECAR_ACCELERATION_SCAN_H
#define SIDECAR_ACCELERATION_SCAN_H

#include "adopt.h"
#include "departure.h"
#include "sampling.h"
#include "wakeup.h"

/* A function that is not inlined puts the layout of its argument into the BTF, where the agent reads it. */
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

/* Messages of one kind are up to four times as long as their average. With such a message a reader may ask FIONREAD for the first time; it must then
 * be told of all bytes. */
#define OVER_AVERAGE (fionread_omits_redirected() ? 1 : 4)

/* How many bytes at once a program that was watched has read: as many as the connection has left for, or as its messages have on average. */
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

/* The walk over all connections holds a reference to the socket that it shows. */
#define SCAN_REFERENCES 1

/* A joined end. Where its reader sleeps over bytes that its own FIONREAD did not count, the connection is better out of the SOCKHASH; a connection
 * without data leaves by scans alone. Once it is out, bytes of TCP that the reader has missed wake it. True while the connection is leaving. */
static __always_inline bool scan_joined(struct socket_state *state, struct tcp_sock *tp, struct sock *sk, const struct settings *settings)
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

/* Scans an accepting end that has taken its step of the adoption. The connection may be joined by now, the connecting end may still have to take
 * its step, or the connecting end may have given up. */
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

/* Scans an end whose pod is no longer selected. The end may stay open for long, so it gives back a lease that it does not use. */
static __always_inline int scan_deselected(struct tcp_sock *tp)
{
	struct socket_state *state = bpf_sk_storage_get(&socket_states, tp, NULL, 0);

	if (state)
		release_idle_lease(state);
	return 0;
}

/* An end of a selected pod. A half-closed connection may leave the SOCKHASH, and is not adopted. FINDING_STEP, FINDING_UNKNOWN_READER, or 0. */
static __always_inline enum finding scan(struct tcp_sock *tp, struct sock *sk, const struct pod *pod, const struct settings *settings)
{
	struct socket_state *state = bpf_sk_storage_get(&socket_states, tp, NULL, 0);
	struct endpoint local, remote;
	__u64 cookie = bpf_get_socket_cookie(tp);
	struct sampled_connection sample;
	bool read, established = BPF_CORE_READ(sk, __sk_common.skc_state) == BPF_TCP_ESTABLISHED;

	if (state && state->reason == REASON_NONE)
		state = NULL; /* of an earlier connection of this socket */
	if (!established && (!state || !state->joined))
		return 0;
	if (state && state->peer.cookie && !state->joined) {
		scan_answered(state, tp);
		return 0;
	}
	if (state && state->peer.cookie) {
		if (scan_joined(state, tp, sk, settings))
			return FINDING_STEP;
		if (state->peer.cookie)
			return 0;
		/* it has left just now, and its peer may already look for it again */
	}
	if (!established)
		return 0;
	if (settings->mode == MODE_OFF) {
		if (state)
			count_sent(state, tp);
		return 0;
	}
	socket_endpoints(sk, &local, &remote);
	if (!state) {
		end_sample(cookie, &sample); /* taken for a short one; from now on it counts for itself */
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
	/* also where the connection is a short one: the next one to its destination may be joined when it opens */
	if (!read || !is_unknown_reader(state, settings) || !may_still_join(state->reason))
		return 0;
	if (!settings->unwatched)
		return FINDING_UNKNOWN_READER;
	set_reason(state, REASON_UNWATCHED_READER);
	return 0;
}

#endif
