/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection end: its storage, the callbacks it asks for, and its place in the SOCKHASH. */
#ifndef SIDECAR_ACCELERATION_ENDS_H
#define SIDECAR_ACCELERATION_ENDS_H

#include "endpoint.h"
#include "peek.h"
#include "proven.h"
#include "shares.h"
#include "timers.h"

/* An epoch that is never in force: the first message looks both pods up. */
#define NEVER_LOOKED (~0ULL)
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

/* Whether its program has closed it, while TCP has still to send. */
static __always_inline bool is_orphan(struct sock *sk)
{
	return FLAG(PEEK(sk, __sk_common.skc_flags), SOCK_DEAD);
}

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
static __always_inline bool sends_by_tcp(struct tcp_sock *tp, bool own)
{
	struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	__u32 user_timeout = LOOK(tp, inet_conn.icsk_user_timeout, own);

	return FLAG(LOOK(sk, __sk_common.skc_flags, own), SOCK_ZEROCOPY) || (LOOK(sk, sk_tsflags, own) & TX_TIMESTAMPS) ||
	       LOOK(sk, sk_max_pacing_rate, own) != UNPACED || (user_timeout && user_timeout < LEAST_USER_TIMEOUT);
}

/* and as a reader, timestamps, hints, offsets and pages that come with bytes of TCP only. */
static __always_inline bool reads_by_tcp(struct tcp_sock *tp)
{
	struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	unsigned long flags = PEEK(sk, __sk_common.skc_flags);

	if (FLAG(flags, SOCK_RCVTSTAMP) || FLAG(flags, SOCK_URGINLINE) || PEEK(sk, sk_peek_off) >= 0 || is_mapped(sk))
		return true;
	return bpf_core_field_exists(tp->recvmsg_inq) && PEEK_BITS(tp, recvmsg_inq);
}

/* TCP Fast Open: the accepting end is established before the connecting one, with bytes in the SYN. */
static __always_inline bool opened_fast(struct tcp_sock *tp)
{
	return PEEK(tp, fastopen_rsk) || PEEK_BITS(tp, syn_data_acked);
}

/* Its program sets the numbers of its handshake as it likes. */
static __always_inline bool under_repair(struct tcp_sock *tp)
{
	return PEEK_BITS(tp, repair);
}

/* Its bytes are made, or numbered, below where they would be redirected: TCP_REPAIR, and upper-layer protocols (TLS). */
static __always_inline bool works_below(struct tcp_sock *tp, bool own)
{
	return LOOK_AT_BITS(tp, repair, own) || LOOK(tp, inet_conn.icsk_ulp_ops, own);
}

/* Multipath TCP keeps its data order outside the subflow; repaired and upper-layer (TLS) sockets keep theirs too.
 * `tp`: a socket of this program's, or from PEEKABLE(). */
static __always_inline bool unsupported(struct tcp_sock *tp)
{
	if (bpf_core_field_exists(tp->is_mptcp) && PEEK(tp, is_mptcp))
		return true;
	return opened_fast(tp) || works_below(tp, false) || sends_by_tcp(tp, false) || reads_by_tcp(tp);
}

/* What of that may begin in the middle of a conversation, and matters to a message of `own` for `peer`: looked at with
 * each, so only what has to be. `own`: the socket that this program runs for. */
static __always_inline bool unsupported_by_now(struct tcp_sock *own, struct tcp_sock *peer)
{
	return sends_by_tcp(own, true) || reads_by_tcp(peer) || works_below(own, true) ||
	       (offers.readonly_cast && works_below(peer, false));
}

static __always_inline bool same_handshake(const struct handshake *a, const struct handshake *b)
{
	return a->client_next == b->client_next && a->server_next == b->server_next;
}

/* How the program at this end was seen to read; what was redirected to it could be lost to it. */
static __always_inline enum standing habit_of(__u64 container)
{
	struct habits *habits = bpf_map_lookup_elem(&containers, &container);

	if (!habits || !(habits->bits & (HABIT_SPLICES | HABIT_COUNTS)))
		return STANDING_NONE;
	return habits->bits & HABIT_SPLICES ? STANDING_SPLICING_READER : STANDING_COUNTING_READER;
}

/* Whether nobody has seen yet how the end's program reads as much as it is to get. Where nothing is learnt that is not asked. */
static __always_inline bool is_stranger(const struct end *end, const struct settings *settings)
{
	__u32 proven;

	if (!settings->learns && !settings->unwatched)
		return false;
	proven = proven_by(end->container);
	return !proven || proven < bytes_of(end->unproven);
}

/* What the peer shows of itself; false when its memory is somebody else's by now, or its socket is in another
 * connection. */
static __always_inline bool peer_face(const struct end *end, struct face *face)
{
	if (bpf_probe_read_kernel(face, sizeof(*face), (void *)end->peer.end))
		return false;
	return face->cookie == end->peer.cookie && same_handshake(&face->handshake, &end->face.handshake);
}

static __always_inline void want_callbacks(struct bpf_sock_ops *ops, struct end *end, int flags)
{
	int now = ops->bpf_sock_ops_cb_flags;	/* other programs on this socket keep what they asked for */

	end->own_callbacks |= flags & ~now;
	bpf_sock_ops_cb_flags_set(ops, now | flags);
}

/* Callbacks of an end that is in the map: data is about to run over TCP, has run, or runs again. */
#define DATA_CALLBACKS                                                                                                 \
	(BPF_SOCK_OPS_RTT_CB_FLAG | BPF_SOCK_OPS_RETRANS_CB_FLAG | BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG)

static __always_inline void drop_data_callbacks(struct bpf_sock_ops *ops, struct end *end)
{
	int own = end->own_callbacks & DATA_CALLBACKS;

	if (!own)
		return;
	end->own_callbacks &= ~DATA_CALLBACKS;
	bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags & ~own);
}

static __always_inline void begin_end(struct end *end, __u64 cookie, struct tcp_sock *tp, const struct pod *pod)
{
	struct sock *sk = (struct sock *)tp;

	/* a socket that was disconnected and connects again brings the storage of its earlier connection */
	__builtin_memset(end, 0, sizeof(*end));
	end->face.cookie = cookie;
	end->slot = pod->slot;
	end->netns = netns_of(sk);
	end->container = container_of_socket(sk);
	end->epoch = NEVER_LOOKED;
}

static __always_inline struct identity identity_of(const struct end *end, struct tcp_sock *tp)
{
	struct identity identity = {
		.cookie = end->face.cookie,
		.sock = (__u64)tp,
		.end = (__u64)end,
		.container = end->container,
		.netns = end->netns,
		.slot = end->slot,
	};

	return identity;
}

/* The storage of a socket in a selected pod, which the memory of whoever made the map is charged for; NULL where the pod or the node
 * has as many ends as it may. `socket`: of the program's own kind. */
#define NEW_END(socket, netns, settings) ({							\
	struct end *made = NULL;								\
												\
	if (take_end((netns), (settings))) {							\
		made = bpf_sk_storage_get(&ends, (socket), NULL, BPF_SK_STORAGE_GET_F_CREATE);	\
		if (!made)									\
			give_back_end(netns);							\
	}											\
	made;											\
})

static __always_inline struct end *open_end(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp,
					    const struct pod *pod, const struct settings *settings)
{
	__u32 netns = netns_of((struct sock *)tp);
	struct end *end = NEW_END(sk, netns, settings);

	if (!end) {
		COUNT(pod->slot, unseen);
		return NULL;
	}
	begin_end(end, bpf_get_socket_cookie(ops), tp, pod);
	want_callbacks(ops, end, BPF_SOCK_OPS_STATE_CB_FLAG);
	return end;
}

/* Where an end without a peer stands. */
static __always_inline enum standing standing_alone(const struct address *remote)
{
	if (is_loopback(remote)) /* this very pod, yet no half: it had no memory for one, say */
		return STANDING_UNSUPPORTED_SOCKET;
	switch (locality_of(remote)) {
	case LOCALITY_OWN_KERNEL:
		return STANDING_PEER_OWN_KERNEL;
	case LOCALITY_SELECTED:
	case LOCALITY_NEIGHBOUR:
		return STANDING_PEER_NOT_SELECTED;
	default:
		return STANDING_PEER_ELSEWHERE;
	}
}

/* Whether the bandwidth of a pod is limited. Redirected bytes meet none of the queues that do it. */
static __always_inline bool is_shaped(__u32 netns)
{
	struct pod *pod = bpf_map_lookup_elem(&pods, &netns);

	return pod && pod->shaped;
}

/* Whether an end's connection crosses a limit: one between two pods, of which one has it. `other`: the peer's pod, or 0. */
static __always_inline bool crosses_a_limit(const struct end *end, __u32 other)
{
	return end->path == PATH_NODE_LOCAL && (is_shaped(end->netns) || (other && is_shaped(other)));
}

/* Whether an end may enter the SOCKHASH: STANDING_NONE, or the reason why not. */
static __always_inline enum standing may_enter(const struct end *end, struct tcp_sock *tp,
					       const struct settings *settings)
{
	enum standing habit;

	if (unsupported(tp))
		return STANDING_UNSUPPORTED_SOCKET;
	if (!(settings->paths & end->path))
		return STANDING_PATH_NOT_SELECTED;
	if (crosses_a_limit(end, end->peer.netns))
		return STANDING_BANDWIDTH_LIMITED;
	/* Observing must change nothing, and a socket in the map is not the same: FIONREAD, for one, tells less. */
	if (settings->mode != MODE_ACCELERATE)
		return STANDING_OBSERVING;
	habit = habit_of(end->container);
	if (habit != STANDING_NONE)
		return habit;
	if (is_stranger(end, settings))
		return settings->unwatched ? STANDING_UNWATCHED_READER : STANDING_LEARNING;
	return has_place(end->netns, settings) ? STANDING_NONE : STANDING_LIMIT_REACHED;
}

static __always_inline void note_refresh(struct end *end)
{
	end->refreshed = bpf_jiffies64();
	end->refreshed_ns = bpf_ktime_get_ns();
}

static __always_inline void entered(struct end *end)
{
	end->face.in_map = 1;
	end->face.leaving = STANDING_NONE;
	end->face.quiet = 0;
	end->face.unproven = 0;
	end->unproven = 0;
	end->proven = 0;
	end->proving = 0;
	end->run = 0;
	end->run_bytes = 0;
	end->blocked = 0;
	end->drained = 1;
	end->samples = 0;
	end->held_since = 0;
	count_places(end->netns, 1);
}

/* Only for ends that never got a redirected byte: deleting drops those that are still unread. */
static __always_inline void leave_map(struct end *end)
{
	__u64 cookie = end->face.cookie;

	if (!end->face.in_map)
		return;
	end->face.in_map = 0;
	bpf_map_delete_elem(&sockets, &cookie);	/* since 5.16 the kernel may have done so at close() */
	count_places(end->netns, -1);
}

#endif
