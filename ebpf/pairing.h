/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finding the two ends of one connection by the numbers of its handshake.
 *
 * When the connecting end becomes ESTABLISHED its {snd_nxt, rcv_nxt} are what the accepting end sees as
 * {rcv_nxt, snd_nxt}. No iptables rule, proxy redirect or address family changes sequence numbers, so this 64-bit
 * rendezvous finds the peer through all of them and proves that both ends are on this node. Addresses and ports prove
 * nothing more: translation changes the source port too, when one port's connections are turned to one destination.
 * The connecting end is always first: tcp_finish_connect() runs its callback before it sends the ACK that establishes
 * the other end (net/ipv4/tcp_input.c, 5.10 to 7.x). Fast Open never pairs: its child is established before the client is. */
#ifndef SIDECAR_ACCELERATION_PAIRING_H
#define SIDECAR_ACCELERATION_PAIRING_H

#include "counters.h"
#include "origdst.h"
#include <bpf/bpf_core_read.h>

static __always_inline __u32 netns_of(struct tcp_sock *tp)
{
	struct sock *sk = &tp->inet_conn.icsk_inet.sk;

	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/* Whether a rule has sent the connection to this very pod behind the client's back. The SYN-ACK tells: its MSS is that of the answering route, and only the loopback device (MTU 65536) allows one that
 * no Ethernet frame can carry. The socket's own route and address are those of the destination asked for, and the
 * packet itself is gone by now (tcp_add_backlog() drops its dst while connect() holds the socket). */
#define LONGEST_FRAME 32768
/* An epoch that is never in force: the first message looks both pods up. */
#define NEVER_LOOKED (~0ULL)

static __always_inline bool answered_over_loopback(struct tcp_sock *tp)
{
	return BPF_CORE_READ(tp, rx_opt.mss_clamp) > LONGEST_FRAME;
}

/* Multipath TCP keeps its data order outside the subflow; repaired and upper-layer (TLS) sockets keep theirs too. */
static __always_inline bool unsupported(struct tcp_sock *tp)
{
	if (bpf_core_field_exists(tp->is_mptcp) && BPF_CORE_READ(tp, is_mptcp))
		return true;
	if (BPF_CORE_READ_BITFIELD_PROBED(tp, repair))
		return true;
	return BPF_CORE_READ(tp, inet_conn.icsk_ulp_ops) != NULL;
}

static __always_inline void want_callbacks(struct bpf_sock_ops *ops, struct end *end, int flags)
{
	int now = ops->bpf_sock_ops_cb_flags;	/* other programs on this socket keep what they asked for */

	if (flags & BPF_SOCK_OPS_RTT_CB_FLAG)
		end->own_rtt_flag = !(now & BPF_SOCK_OPS_RTT_CB_FLAG);
	bpf_sock_ops_cb_flags_set(ops, now | flags);
}

static __always_inline void drop_rtt_callback(struct bpf_sock_ops *ops, struct end *end)
{
	if (!end->own_rtt_flag)
		return;
	end->own_rtt_flag = 0;
	bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags & ~BPF_SOCK_OPS_RTT_CB_FLAG);
}

/* The storage of a socket in a selected pod; NULL for every other socket, which then pays nothing further. */
static __always_inline struct end *open_end(struct bpf_sock_ops *ops, struct bpf_sock *sk,
					    struct tcp_sock *tp, const struct settings *settings)
{
	__u32 netns = netns_of(tp);
	struct pod *pod = bpf_map_lookup_elem(&pods, &netns);
	struct end *end;

	if (!pod)
		return NULL;
	end = bpf_sk_storage_get(&ends, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!end)
		return NULL;
	/* a socket that was disconnected and connects again brings the storage of its earlier connection */
	__builtin_memset(end, 0, sizeof(*end));
	end->cookie = bpf_get_socket_cookie(ops);
	end->slot = pod->slot;
	end->netns = netns;
	end->epoch = settings->epoch;
	want_callbacks(ops, end, BPF_SOCK_OPS_STATE_CB_FLAG);
	return end;
}

static __always_inline bool enter_map(struct bpf_sock_ops *ops, struct end *end)
{
	__u64 cookie = end->cookie;

	if (bpf_sock_hash_update(ops, &sockets, &cookie, BPF_NOEXIST))
		return false;
	end->in_map = 1;
	count_usage(1);
	return true;
}

/* Only for ends that never got a redirected byte: deleting drops those that are still unread. */
static __always_inline void leave_map(struct end *end)
{
	__u64 cookie = end->cookie;

	if (!end->in_map)
		return;
	bpf_map_delete_elem(&sockets, &cookie);
	end->in_map = 0;
	count_usage(-1);
}

/* The path a connecting end can be of, before its peer is known. */
static __always_inline enum path_kind likely_path(struct tcp_sock *tp, const struct half *half)
{
	if (is_loopback(&half->original.address) || same_address(&half->original.address, &half->client.address) ||
	    answered_over_loopback(tp))
		return PATH_POD_LOCAL;
	if (locality_of(&half->original.address) == LOCALITY_SELECTED)
		return PATH_NODE_LOCAL;
	return PATH_NONE;
}

/* Where an end without a peer stands. */
static __always_inline enum standing standing_alone(const struct address *remote)
{
	if (is_loopback(remote)) /* this very pod, yet no half: Fast Open, for one */
		return STANDING_UNSUPPORTED_SOCKET;
	return locality_of(remote) ? STANDING_PEER_NOT_SELECTED : STANDING_PEER_ELSEWHERE;
}

static __always_inline enum standing try_enter(struct bpf_sock_ops *ops, struct end *end, struct tcp_sock *tp,
					       const struct settings *settings)
{
	if (unsupported(tp))
		return STANDING_UNSUPPORTED_SOCKET;
	if (!(settings->paths & end->path))
		return STANDING_PATH_NOT_SELECTED;
	/* Observing must change nothing, and a socket in the map is not the same: FIONREAD, for one, tells less. */
	if (settings->mode != MODE_ACCELERATE)
		return STANDING_OBSERVING;
	if (!usage_below(settings->max_sockets))
		return STANDING_LIMIT_REACHED;
	if (!enter_map(ops, end))
		return STANDING_SOCKET_IN_USE;
	return STANDING_PAIRING;
}

static __always_inline void on_active_established(struct bpf_sock_ops *ops, struct bpf_sock *sk,
						  struct tcp_sock *tp, const struct settings *settings)
{
	struct end *end = open_end(ops, sk, tp, settings);
	struct half half = {};

	if (!end)
		return;
	read_local(ops, &half.client);
	read_remote(ops, &half.original);
	end->path = likely_path(tp, &half);
	if (end->path == PATH_NONE) {
		settle(end, standing_alone(&half.original.address));
		return;
	}
	half.cookie = end->cookie;
	half.sock = (__u64)tp;
	half.netns = end->netns;
	half.slot = end->slot;
	half.standing = try_enter(ops, end, tp, settings);
	settle(end, half.standing);
	end->handshake.client_next = ops->snd_nxt;
	end->handshake.server_next = ops->rcv_nxt;
	bpf_map_update_elem(&pending, &end->handshake, &half, BPF_ANY);
	if (half.standing == STANDING_PAIRING)
		want_callbacks(ops, end, BPF_SOCK_OPS_RTT_CB_FLAG);
}

/* Joins the accepting end to `half`; on refusal both stay on TCP. */
static __always_inline enum standing join(struct bpf_sock_ops *ops, struct end *end, struct tcp_sock *tp,
					  const struct half *half, const struct settings *settings)
{
	struct joint joint = { .cookie = end->cookie, .sock = (__u64)tp, .netns = end->netns, .path = end->path };
	__u64 client = half->cookie;

	if (half->standing != STANDING_PAIRING)
		return half->standing;
	joint.standing = try_enter(ops, end, tp, settings);
	if (joint.standing != STANDING_PAIRING) {
		joint.cookie = 0;
		bpf_map_update_elem(&joints, &client, &joint, BPF_ANY);
		return joint.standing;
	}
	if (bpf_map_update_elem(&joints, &client, &joint, BPF_ANY)) {
		leave_map(end);
		return STANDING_LIMIT_REACHED;
	}
	end->peer_cookie = client;
	end->peer_sock = half->sock;
	end->peer_netns = half->netns;
	end->epoch = NEVER_LOOKED;
	count_standing(half->slot, STANDING_PAIRING, STANDING_ACCELERATED);
	remember_original(ops, half, end->cookie, end->path);
	return STANDING_ACCELERATED;
}

static __always_inline void on_passive_established(struct bpf_sock_ops *ops, struct bpf_sock *sk,
						   struct tcp_sock *tp, const struct settings *settings)
{
	struct handshake handshake = { .client_next = ops->rcv_nxt, .server_next = ops->snd_nxt };
	struct end *end = open_end(ops, sk, tp, settings);
	struct endpoint remote = {};
	struct half *found, half;

	if (!end)
		return;
	end->accepting = 1;
	read_remote(ops, &remote);
	found = bpf_map_lookup_elem(&pending, &handshake);
	if (!found) {
		settle(end, standing_alone(&remote.address));
		return;
	}
	half = *found;
	/* whoever takes the half away owns it: the connecting end may be closing on another CPU */
	if (bpf_map_delete_elem(&pending, &handshake)) {
		settle(end, standing_alone(&remote.address));
		return;
	}
	end->path = half.netns == end->netns ? PATH_POD_LOCAL : PATH_NODE_LOCAL;
	settle(end, join(ops, end, tp, &half, settings));
}

/* The connecting end takes what its peer left; its gauge was already moved by the peer. */
static __always_inline bool take_joint(struct end *end)
{
	__u64 cookie = end->cookie;
	struct joint *joint;

	if (end->peer_cookie)
		return true;
	if (end->standing != STANDING_PAIRING)
		return false;
	joint = bpf_map_lookup_elem(&joints, &cookie);
	if (!joint || !joint->cookie)
		return false;
	end->peer_sock = joint->sock;
	end->peer_netns = joint->netns;
	end->path = joint->path;
	end->peer_cookie = joint->cookie;
	end->standing = STANDING_ACCELERATED;
	end->epoch = NEVER_LOOKED;
	bpf_map_delete_elem(&joints, &cookie);
	return true;
}

/* Gives up waiting for the accepting end; says why it stayed on TCP, if it said so. */
static __always_inline enum standing give_up(struct end *end)
{
	enum standing standing = STANDING_PEER_NOT_SELECTED;
	__u64 cookie = end->cookie;
	struct joint *refusal;

	bpf_map_delete_elem(&pending, &end->handshake);
	refusal = bpf_map_lookup_elem(&joints, &cookie);
	if (refusal)
		standing = refusal->standing;
	bpf_map_delete_elem(&joints, &cookie);
	return standing;
}

/* The first answer to own data: by now the accepting end has been established, so an end that is still alone has a
 * peer that cannot pair, and leaves the map again rather than pay for sitting in it. */
static __always_inline void on_first_answer(struct bpf_sock_ops *ops, struct end *end)
{
	if (end->standing == STANDING_PAIRING && !take_joint(end)) {
		leave_map(end);
		settle(end, give_up(end));
	}
	drop_rtt_callback(ops, end);
}

static __always_inline void on_close(struct end *end, struct tcp_sock *tp)
{
	__u64 sent = tp->bytes_sent - tp->bytes_retrans;
	__u64 cookie = end->cookie;

	if (end->accepting)
		bpf_map_delete_elem(&origdsts, &cookie);
	else if (!take_joint(end))
		give_up(end);
	if (end->in_map)
		count_usage(-1);
	end->in_map = 0;
	/* what ran beside the programs: connections that were never in the map */
	if (sent > end->tcp_bytes)
		count_tcp_bytes(end->slot, sent - end->tcp_bytes);
	settle(end, STANDING_NONE);
}

#endif
