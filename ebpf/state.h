/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection end: its storage, the callbacks it asks for, and its place in the SOCKHASH. */
#ifndef SIDECAR_ACCELERATION_STATE_H
#define SIDECAR_ACCELERATION_STATE_H

#include "endpoint.h"
#include "peek.h"
#include "proven.h"
#include "shares.h"
#include "timers.h"

/* An epoch that is never in force: the first message looks both pods up. */
#define NEVER_CHECKED (~0ULL)
#define TCP_BPF_SOCK_OPS_CB_FLAGS 1008	/* include/uapi/linux/bpf.h, 6.12 */

static __always_inline __u32 netns_of(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/* The cgroup of whoever opened the socket. Kernels before 5.15 keep it in a tagged word; there the pod stands for it. */
static __always_inline __u64 container_of_socket(struct sock *sk)
{
	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup))
		return BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	return netns_of(sk);
}

#define FLAG(flags, name) (((flags) >> bpf_core_enum_value(enum sock_flags, name)) & 1)
/* SOF_TIMESTAMPING_TX_RECORD_MASK of include/uapi/linux/net_tstamp.h */
#define TX_TIMESTAMPS 0x303

#define UNPACED (~0UL)
/* TCP_USER_TIMEOUT, ms: below it there is no time to hold segments back (hold.h). gRPC sets 20 s. */
#define LEAST_USER_TIMEOUT 10000

/* Whether a program has mapped the socket into its memory, to take bytes with the pages that TCP has them in
 * (TCP_ZEROCOPY_RECEIVE). */
static __always_inline bool is_mapped(struct sock *sk)
{
	struct socket_alloc *holder = PEEKABLE(struct socket_alloc, PEEK(sk, sk_socket));

	return PEEK(holder, vfs_inode.i_data.i_mmap.rb_root.rb_node);
}

/* What a program may ask of its socket, at any time, that redirected bytes would not do: as a sender, completions of
 * zero-copy sends, timestamps, a pace, and to give up soon; */
static __always_inline bool sender_needs_tcp(struct tcp_sock *tp, bool own)
{
	struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	__u32 user_timeout = PEEK_UNLESS_OWN(tp, inet_conn.icsk_user_timeout, own);

	return FLAG(PEEK_UNLESS_OWN(sk, __sk_common.skc_flags, own), SOCK_ZEROCOPY) || (PEEK_UNLESS_OWN(sk, sk_tsflags, own) & TX_TIMESTAMPS) ||
	       PEEK_UNLESS_OWN(sk, sk_max_pacing_rate, own) != UNPACED || (user_timeout && user_timeout < LEAST_USER_TIMEOUT);
}

/* and as a reader, timestamps, hints, offsets and pages that come with bytes of TCP only. */
static __always_inline bool reader_needs_tcp(struct tcp_sock *tp)
{
	struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	unsigned long flags = PEEK(sk, __sk_common.skc_flags);

	if (FLAG(flags, SOCK_RCVTSTAMP) || FLAG(flags, SOCK_URGINLINE) || PEEK(sk, sk_peek_off) >= 0 || is_mapped(sk))
		return true;
	return bpf_core_field_exists(tp->recvmsg_inq) && PEEK_BITS(tp, recvmsg_inq);
}

/* TCP Fast Open: the accepting end is established before the connecting one, with bytes in the SYN. */
static __always_inline bool used_fast_open(struct tcp_sock *tp)
{
	return PEEK(tp, fastopen_rsk) || PEEK_BITS(tp, syn_data_acked);
}

/* Its program sets the numbers of its handshake as it likes. */
static __always_inline bool is_under_repair(struct tcp_sock *tp)
{
	return PEEK_BITS(tp, repair);
}

/* Its bytes are made, or numbered, below where they would be redirected: TCP_REPAIR, and upper-layer protocols (TLS). */
static __always_inline bool works_below(struct tcp_sock *tp, bool own)
{
	return PEEK_BITS_UNLESS_OWN(tp, repair, own) || PEEK_UNLESS_OWN(tp, inet_conn.icsk_ulp_ops, own);
}

/* Multipath TCP keeps its data order outside the subflow; repaired and upper-layer (TLS) sockets keep theirs too.
 * `tp`: a socket of this program's, or from PEEKABLE(). */
static __always_inline bool is_unsupported(struct tcp_sock *tp)
{
	if (bpf_core_field_exists(tp->is_mptcp) && PEEK(tp, is_mptcp))
		return true;
	return used_fast_open(tp) || works_below(tp, false) || sender_needs_tcp(tp, false) || reader_needs_tcp(tp);
}

/* What of that may begin in the middle of a conversation, and matters to a message of `own` for `peer`: looked at with
 * each, so only what has to be. `own`: the socket that this program runs for. */
static __always_inline bool has_become_unsupported(struct tcp_sock *own, struct tcp_sock *peer)
{
	return sender_needs_tcp(own, true) || reader_needs_tcp(peer) || works_below(own, true) ||
	       (features.readonly_cast && works_below(peer, false));
}

static __always_inline bool same_handshake(const struct handshake *a, const struct handshake *b)
{
	return a->client_next == b->client_next && a->server_next == b->server_next;
}

/* How the program at this end was seen to read; what was redirected to it could be lost to it. */
static __always_inline enum reason reason_by_traits(__u64 container)
{
	struct reader_traits *traits = bpf_map_lookup_elem(&containers, &container);

	if (!traits || !(traits->bits & (TRAIT_SPLICES | TRAIT_ASKS_FIONREAD)))
		return REASON_NONE;
	return traits->bits & TRAIT_SPLICES ? REASON_SPLICING_READER : REASON_COUNTING_READER;
}

/* Whether nobody has seen yet how the end's program reads as much as it is to get. Where nothing is learnt that is not asked. */
static __always_inline bool is_unknown_reader(const struct socket_state *state, const struct settings *settings)
{
	__u32 proven;

	if (!settings->learns && !settings->unwatched)
		return false;
	proven = proven_by(state->container);
	return !proven || proven < bytes_of(state->unproven);
}

/* What the peer shows of itself; false when its memory is somebody else's by now, or its socket is in another
 * connection. */
static __always_inline bool read_peer(const struct socket_state *state, struct shown *peer_shown)
{
	if (bpf_probe_read_kernel(peer_shown, sizeof(*peer_shown), (void *)state->peer.state))
		return false;
	return peer_shown->cookie == state->peer.cookie && same_handshake(&peer_shown->handshake, &state->shown.handshake);
}

static __always_inline void want_callbacks(struct bpf_sock_ops *ops, struct socket_state *state, int flags)
{
	int now = ops->bpf_sock_ops_cb_flags;	/* other programs on this socket keep what they asked for */

	state->own_callbacks |= flags & ~now;
	bpf_sock_ops_cb_flags_set(ops, now | flags);
}

/* Callbacks of an end that is in the map: data is about to run over TCP, has run, or runs again. */
#define DATA_CALLBACKS                                                                                                 \
	(BPF_SOCK_OPS_RTT_CB_FLAG | BPF_SOCK_OPS_RETRANS_CB_FLAG | BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG)

static __always_inline void drop_data_callbacks(struct bpf_sock_ops *ops, struct socket_state *state)
{
	int own = state->own_callbacks & DATA_CALLBACKS;

	if (!own)
		return;
	state->own_callbacks &= ~DATA_CALLBACKS;
	bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags & ~own);
}

static __always_inline void begin_state(struct socket_state *state, __u64 cookie, struct tcp_sock *tp, const struct pod *pod)
{
	struct sock *sk = (struct sock *)tp;

	/* a socket that was disconnected and connects again brings the storage of its earlier connection */
	__builtin_memset(state, 0, sizeof(*state));
	state->shown.cookie = cookie;
	state->slot = pod->slot;
	state->netns = netns_of(sk);
	state->container = container_of_socket(sk);
	state->epoch = NEVER_CHECKED;
}

static __always_inline struct identity identity_of(const struct socket_state *state, struct tcp_sock *tp)
{
	struct identity identity = {
		.cookie = state->shown.cookie,
		.sock = (__u64)tp,
		.state = (__u64)state,
		.container = state->container,
		.netns = state->netns,
		.slot = state->slot,
	};

	return identity;
}

/* The storage of a socket in a selected pod, which the memory of whoever made the map is charged for; NULL where the pod or the node
 * has as many ends as it may. `socket`: of the program's own kind. */
#define NEW_STATE(socket, netns, settings) ({							\
	struct socket_state *made = NULL;								\
												\
	if (take_end((netns), (settings))) {							\
		made = bpf_sk_storage_get(&socket_states, (socket), NULL, BPF_SK_STORAGE_GET_F_CREATE);	\
		if (!made)									\
			give_back_end(netns);							\
	}											\
	made;											\
})

static __always_inline struct socket_state *open_state(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp,
					    const struct pod *pod, const struct settings *settings)
{
	__u32 netns = netns_of((struct sock *)tp);
	struct socket_state *state = NEW_STATE(sk, netns, settings);

	if (!state) {
		COUNT(pod->slot, unseen);
		return NULL;
	}
	begin_state(state, bpf_get_socket_cookie(ops), tp, pod);
	want_callbacks(ops, state, BPF_SOCK_OPS_STATE_CB_FLAG);
	return state;
}

/* Where an end without a peer stands. */
static __always_inline enum reason reason_without_peer(const struct address *remote)
{
	if (is_loopback(remote)) /* this very pod, yet no half: it had no memory for one, say */
		return REASON_UNSUPPORTED_SOCKET;
	switch (location_of(remote)) {
	case LOCATION_OWN_KERNEL:
		return REASON_PEER_OWN_KERNEL;
	case LOCATION_SELECTED:
	case LOCATION_NEIGHBOUR:
		return REASON_PEER_NOT_SELECTED;
	default:
		return REASON_PEER_ELSEWHERE;
	}
}

/* Whether the bandwidth of a pod is limited. Redirected bytes meet none of the queues that do it. */
static __always_inline bool is_shaped(__u32 netns)
{
	struct pod *pod = bpf_map_lookup_elem(&pods, &netns);

	return pod && pod->shaped;
}

/* Whether an end's connection crosses a limit: one between two pods, of which one has it. `other`: the peer's pod, or 0. */
static __always_inline bool crosses_a_limit(const struct socket_state *state, __u32 other)
{
	return state->path == PATH_NODE_LOCAL && (is_shaped(state->netns) || (other && is_shaped(other)));
}

/* Whether an end may enter the SOCKHASH: REASON_NONE, or the reason why not. */
static __always_inline enum reason reason_against_entry(const struct socket_state *state, struct tcp_sock *tp,
					       const struct settings *settings)
{
	enum reason refusal;

	if (is_unsupported(tp))
		return REASON_UNSUPPORTED_SOCKET;
	if (!(settings->paths & state->path))
		return REASON_PATH_NOT_SELECTED;
	if (crosses_a_limit(state, state->peer.netns))
		return REASON_BANDWIDTH_LIMITED;
	/* Observing must change nothing, and a socket in the map is not the same: FIONREAD, for one, tells less. */
	if (settings->mode != MODE_ACCELERATE)
		return REASON_OBSERVING;
	refusal = reason_by_traits(state->container);
	if (refusal != REASON_NONE)
		return refusal;
	if (is_unknown_reader(state, settings))
		return settings->unwatched ? REASON_UNWATCHED_READER : REASON_LEARNING;
	return has_place(state->netns, settings) ? REASON_NONE : REASON_LIMIT_REACHED;
}

static __always_inline void note_refresh(struct socket_state *state)
{
	state->refreshed = bpf_jiffies64();
	state->refreshed_ns = bpf_ktime_get_ns();
}

static __always_inline void note_entered(struct socket_state *state)
{
	state->shown.in_map = 1;
	state->shown.leaving = REASON_NONE;
	state->shown.quiet = 0;
	state->shown.unproven = 0;
	state->unproven = 0;
	state->proven = 0;
	state->proving = 0;
	state->run = 0;
	state->run_bytes = 0;
	state->blocked = 0;
	state->drained = 1;
	state->samples = 0;
	state->held_since = 0;
	count_places(state->netns, 1);
}

/* Only for ends that never got a redirected byte: deleting drops those that are still unread. */
static __always_inline void leave_map(struct socket_state *state)
{
	__u64 cookie = state->shown.cookie;

	if (!state->shown.in_map)
		return;
	state->shown.in_map = 0;
	bpf_map_delete_elem(&sockets, &cookie);	/* since 5.16 the kernel may have done so at close() */
	count_places(state->netns, -1);
}

#endif
