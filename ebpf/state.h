/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The socket state of a connection end: its storage, how it begins, and the callbacks that the end asks for. */
#ifndef SIDECAR_ACCELERATION_STATE_H
#define SIDECAR_ACCELERATION_STATE_H

#include "peek.h"
#include "shares.h"
#include "timers.h"

/* An epoch that is never in force. With it, the first message checks both pods and their readers. */
#define NEVER_CHECKED (~0ULL)
#define TCP_BPF_SOCK_OPS_CB_FLAGS 1008 /* include/uapi/linux/bpf.h, 6.12 */
/* The callbacks of an end in the SOCKHASH: data is about to go over TCP, was acknowledged, or is sent again. */
#define DATA_CALLBACKS (BPF_SOCK_OPS_RTT_CB_FLAG | BPF_SOCK_OPS_RETRANS_CB_FLAG | BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG)

static __always_inline __u32 netns_of(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/* The same for the socket that the program runs for: every kernel lets a program read the members of its own socket by loads. */
static __always_inline __u32 own_netns(struct tcp_sock *tp)
{
	return tp->inet_conn.icsk_inet.sk.__sk_common.skc_net.net->ns.inum;
}

/* The cgroup of the program that opened the socket. Kernels before 5.15 keep it in a tagged word; there the network namespace stands for
 * the container. */
static __always_inline __u64 container_of_socket(struct sock *sk)
{
	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup))
		return BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	return netns_of(sk);
}

static __always_inline void want_callbacks(struct bpf_sock_ops *ops, struct socket_state *state, int flags)
{
	int now = ops->bpf_sock_ops_cb_flags; /* other programs of this socket keep what they asked for */

	state->own_callbacks |= flags & ~now;
	bpf_sock_ops_cb_flags_set(ops, now | flags);
}

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

	/* a socket that was disconnected and connects again still has the storage of its earlier connection */
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

/* The storage of a socket in a selected pod; NULL where the pod or the node has as many ends as its limit allows. The memory is charged to
 * the process that made the map. `socket`: of a type that the program may pass to the helper. */
#define NEW_STATE(socket, netns, settings)                                                                      \
	({                                                                                                      \
		struct socket_state *made = NULL;                                                               \
                                                                                                                \
		if (take_end((netns), (settings))) {                                                            \
			made = bpf_sk_storage_get(&socket_states, (socket), NULL, BPF_SK_STORAGE_GET_F_CREATE); \
			if (!made)                                                                              \
				give_back_end(netns);                                                           \
		}                                                                                               \
		made;                                                                                           \
	})

/* The state of a socket whose connection opens now; NULL where there is none to have. */
static __always_inline struct socket_state *open_state(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp, const struct pod *pod,
						       const struct settings *settings)
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

/* The state of a socket that is open and has none; NULL where there is none to have, or where the kernel refuses the callback of the
 * socket's close. */
static __always_inline struct socket_state *follow_open_socket(struct tcp_sock *tp, __u64 cookie, const struct pod *pod,
							       const struct settings *settings)
{
	int had = BPF_CORE_READ(tp, bpf_sock_ops_cb_flags), flags = had | BPF_SOCK_OPS_STATE_CB_FLAG;
	__u32 netns = netns_of((struct sock *)tp);
	struct socket_state *state;

	if (!has_end_left(netns, settings))
		return NULL;

	/* before 6.12 only sock_ops programs can ask for callbacks: what was open before they were attached stays uncounted, on TCP */
	if (had != flags && bpf_setsockopt(tp, SOL_TCP, TCP_BPF_SOCK_OPS_CB_FLAGS, &flags, sizeof(flags)))
		return NULL;
	state = NEW_STATE(tp, netns, settings);
	if (!state)
		return NULL;
	begin_state(state, cookie, tp, pod);
	state->seen_read = BPF_CORE_READ(tp, copied_seq);
	set_reason(state, REASON_PEER_NOT_SELECTED);
	return state;
}

#endif
