/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finding the two ends of one connection by the numbers of its handshake.
 *
 * When the connecting end becomes ESTABLISHED its {snd_nxt, rcv_nxt} are what the accepting end sees as
 * {rcv_nxt, snd_nxt}. No iptables rule, proxy redirect or address family changes sequence numbers, so this 64-bit
 * rendezvous finds the peer through all of them and proves that both ends are on this node. Addresses and ports prove
 * nothing more: translation changes the source port too, when one port's connections are turned to one destination.
 * The connecting end is always first: tcp_finish_connect() runs its callback before it sends the ACK that establishes
 * the other end (net/ipv4/tcp_input.c, 5.10 to 7.x). Fast Open never pairs: its child is established before the
 * client is. */
#ifndef SIDECAR_ACCELERATION_PAIRING_H
#define SIDECAR_ACCELERATION_PAIRING_H

#include "acceptors.h"
#include "brief.h"
#include "origdst.h"

/* Whether a rule has sent the connection to this very pod behind the client's back. The SYN-ACK tells: its MSS is
 * that of the answering route, and only the loopback device (MTU 65536) allows one that no Ethernet frame can carry.
 * The socket's own route and address are those of the destination asked for, and the packet itself is gone by now
 * (tcp_add_backlog() drops its dst while connect() holds the socket). */
#define LONGEST_FRAME 32768

static __always_inline bool answered_over_loopback(struct tcp_sock *tp)
{
	return BPF_CORE_READ(tp, rx_opt.mss_clamp) > LONGEST_FRAME;
}

/* The path an end can be of, before its peer is known: the one it asked for, or its own pod behind a rule. */
static __always_inline enum path_kind likely_path(struct tcp_sock *tp, const struct address *local,
						  const struct address *remote)
{
	if (is_loopback(remote) || same_address(remote, local) || answered_over_loopback(tp))
		return PATH_POD_LOCAL;
	return locality_of(remote) == LOCALITY_SELECTED ? PATH_NODE_LOCAL : PATH_NONE;
}

/* Whether a socket that opens will be polled: STANDING_NONE, or why it stays on TCP. What blocks while it connects may
 * poll later, which a visit sees. */
static __always_inline enum standing will_be_polled(const struct end *end, struct tcp_sock *tp,
						    const struct settings *settings)
{
	if (end->accepting)
		return by_acceptor(end->container);
	if (is_polled((struct sock *)tp))
		return STANDING_NONE;
	return settings->learns ? STANDING_LEARNING : STANDING_BLOCKING_READER;
}

/* Into the map while it opens; the standing it then has. */
static __always_inline enum standing enter_map(struct bpf_sock_ops *ops, struct end *end, struct tcp_sock *tp,
					       const struct settings *settings)
{
	enum standing refusal = may_enter(end, tp, settings);
	__u64 cookie = end->face.cookie;

	if (refusal == STANDING_NONE)
		refusal = will_be_polled(end, tp, settings);
	if (refusal != STANDING_NONE)
		return refusal;
	if (bpf_sock_hash_update(ops, &sockets, &cookie, BPF_NOEXIST))
		return STANDING_SOCKET_IN_USE;
	entered(end);
	want_callbacks(ops, end, DATA_CALLBACKS);
	QUICKEN_TIMERS(ops, end);
	return STANDING_PAIRING;
}

static __always_inline void on_active_established(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp,
						  const struct pod *pod, const struct settings *settings)
{
	struct handshake handshake = { .client_next = ops->snd_nxt, .server_next = ops->rcv_nxt };
	__u32 netns = netns_of((struct sock *)tp);
	enum path_kind path;
	struct half half = {};
	struct end *end;

	read_local(ops, &half.client);
	read_remote(ops, &half.original);
	path = likely_path(tp, &half.client.address, &half.original.address);
	if (path != PATH_NONE)
		half.standing = by_history(netns, &half.original, settings);
	if (half.standing == STANDING_SHORT_LIVED && may_leave_alone(settings)) {
		begin_brief(ops, pod->slot, netns, false);
		return;
	}
	end = open_end(ops, sk, tp, pod, settings);
	if (!end)
		return;
	end->path = path;
	end->face.handshake = handshake;
	if (under_repair(tp)) {
		settle(end, STANDING_UNSUPPORTED_SOCKET);
		return;
	}
	if (path == PATH_NONE) {
		settle(end, standing_alone(&half.original.address));
		return;
	}
	half.identity = identity_of(end, tp);
	/* said at once: no learning changes it */
	if (crosses_a_limit(end, pod_at(&half.original.address)))
		half.standing = STANDING_BANDWIDTH_LIMITED;
	if (half.standing == STANDING_NONE || settings->mode != MODE_ACCELERATE)
		half.standing = enter_map(ops, end, tp, settings);
	if (bpf_map_update_elem(&pending, &handshake, &half, BPF_ANY)) {
		leave_map(end);
		half.standing = STANDING_LIMIT_REACHED;
	}
	if (half.standing == STANDING_LEARNING)
		QUICKEN_TIMERS(ops, end);
	settle(end, half.standing);
}

static __always_inline void know_peer(struct end *end, const struct identity *peer)
{
	end->peer = *peer;
	end->peer_file = 0;
	end->epoch = NEVER_LOOKED;
	note_refresh(end);
	end->path = peer->netns == end->netns ? PATH_POD_LOCAL : PATH_NODE_LOCAL;
}

/* Two ends in two pods are one connection only where each has the other's address. Numbers alone could be forged: a
 * program with CAP_NET_ADMIN in its pod gives a socket any it likes (TCP_REPAIR). */
static __always_inline bool see_each_other(const struct half *half, __u32 netns, const struct address *remote)
{
	if (half->identity.netns == netns)
		return true;
	return pod_at(&half->original.address) == netns && pod_at(remote) == half->identity.netns;
}

/* Joins the accepting end to `half`; on refusal both stay on TCP. */
static __always_inline enum standing join(struct bpf_sock_ops *ops, struct end *end, struct tcp_sock *tp,
					  const struct half *half, const struct settings *settings)
{
	struct joint joint = { .identity = identity_of(end, tp), .path = end->path };
	__u64 client = half->identity.cookie;
	struct face peer;

	if (half->standing != STANDING_PAIRING)
		return half->standing;
	joint.standing = enter_map(ops, end, tp, settings);
	if (joint.standing == STANDING_PAIRING && remember_original(ops, half, end->face.cookie, end->path)) {
		leave_map(end);
		joint.standing = STANDING_LIMIT_REACHED;
	}
	if (joint.standing != STANDING_PAIRING)
		joint.identity.cookie = 0;
	if (bpf_map_update_elem(&joints, &client, &joint, BPF_ANY) && joint.identity.cookie) {
		forget_original(end->face.cookie);
		leave_map(end);
		return STANDING_LIMIT_REACHED;
	}
	if (!joint.identity.cookie)
		return joint.standing;
	/* closed before it could be told: whoever takes the joint away clears up */
	if (!peer_face(end, &peer) && !bpf_map_delete_elem(&joints, &client)) {
		forget_original(end->face.cookie);
		leave_map(end);
		return STANDING_PEER_NOT_SELECTED;
	}
	end->joined = 1;
	count_standing(half->identity.slot, STANDING_PAIRING, STANDING_ACCELERATED);
	return STANDING_ACCELERATED;
}

/* Takes the half away that the connecting end left. Whoever does owns it: that end may be closing on another CPU. */
static __always_inline bool take_half(const struct handshake *handshake, __u32 netns, const struct address *remote,
				      struct half *half)
{
	struct half *found = bpf_map_lookup_elem(&pending, handshake);

	if (!found || !see_each_other(found, netns, remote))
		return false;
	*half = *found;
	return !bpf_map_delete_elem(&pending, handshake);
}

/* A connecting end in a selected pod of this node leaves a half, unless it takes its connection for a brief one. */
static __always_inline bool left_alone(const struct address *remote)
{
	return is_loopback(remote) || locality_of(remote) == LOCALITY_SELECTED;
}

static __always_inline void on_passive_established(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp,
						   const struct pod *pod, const struct settings *settings)
{
	struct handshake handshake = { .client_next = ops->rcv_nxt, .server_next = ops->snd_nxt };
	__u32 netns = netns_of((struct sock *)tp);
	struct endpoint remote = {};
	struct half half = {};
	bool paired, strange = opened_fast(tp) || under_repair(tp);
	enum standing standing;
	struct end *end;

	read_remote(ops, &remote);
	paired = take_half(&handshake, netns, &remote.address, &half);
	if (!paired && !strange && may_leave_alone(settings) && left_alone(&remote.address)) {
		begin_brief(ops, pod->slot, netns, true);
		return;
	}
	end = open_end(ops, sk, tp, pod, settings);
	if (!end)
		return;
	end->accepting = 1;
	end->face.handshake = handshake;
	if (strange) {
		settle(end, STANDING_UNSUPPORTED_SOCKET);
		return;
	}
	if (!paired) {
		settle(end, standing_alone(&remote.address));
		return;
	}
	if (by_acceptor(end->container) == STANDING_LEARNING) {
		end->watched = 1;
		want_callbacks(ops, end, BPF_SOCK_OPS_RTT_CB_FLAG);
	}
	know_peer(end, &half.identity);
	standing = join(ops, end, tp, &half, settings);
	if (standing != STANDING_ACCELERATED)
		end->peer.cookie = 0;
	if (standing == STANDING_LEARNING)
		QUICKEN_TIMERS(ops, end);
	settle(end, standing);
}

/* The connecting end takes what its peer left; its gauge was already moved by the peer. */
static __always_inline bool take_joint(struct end *end)
{
	__u64 cookie = end->face.cookie;
	struct joint *joint;

	if (end->peer.cookie)
		return true;
	if (end->standing != STANDING_PAIRING)
		return false;
	joint = bpf_map_lookup_elem(&joints, &cookie);
	if (!joint || !joint->identity.cookie)
		return false;
	know_peer(end, &joint->identity);
	end->joined = 1;
	end->standing = STANDING_ACCELERATED;
	bpf_map_delete_elem(&joints, &cookie);
	return true;
}

/* Gives up waiting for the accepting end; says why it stayed on TCP, if it said so. */
static __always_inline enum standing give_up(const struct end *end, const struct handshake *handshake)
{
	enum standing standing = STANDING_PEER_NOT_SELECTED;
	__u64 cookie = end->face.cookie;
	struct joint *refusal;

	bpf_map_delete_elem(&pending, handshake);
	if (end->candidate)
		bpf_map_delete_elem(&candidates, handshake);
	else if (end->standing != STANDING_PAIRING)
		return standing;
	refusal = bpf_map_lookup_elem(&joints, &cookie);
	if (refusal)
		standing = refusal->standing;
	bpf_map_delete_elem(&joints, &cookie);
	return standing;
}

/* The first answer to own data: by now the accepting end has been established, so an end that is still alone has a
 * peer that cannot pair, and leaves the map again rather than pay for sitting in it. */
static __always_inline void on_first_answer(struct bpf_sock_ops *ops, struct end *end, struct tcp_sock *tp)
{
	enum standing standing = give_up(end, &end->face.handshake);

	leave_map(end);
	settle(end, opened_fast(tp) ? STANDING_UNSUPPORTED_SOCKET : standing);
	drop_data_callbacks(ops, end);
	RESTORE_TIMERS(ops, end);
}

/* The first answer of an accepting end that is not in the map: by now its program has set the socket up. */
static __always_inline void on_first_own_answer(struct bpf_sock_ops *ops, struct end *end, struct tcp_sock *tp)
{
	observe_accepted(end, (struct sock *)tp);
	if (end->standing == STANDING_LEARNING && by_acceptor(end->container) == STANDING_BLOCKING_READER)
		settle(end, STANDING_BLOCKING_READER);
	drop_data_callbacks(ops, end);
}

/* Of both ends of a joined connection, by whoever has deleted its row. */
static __always_inline void give_places_back(const struct end *end)
{
	count_places(end->netns, -1);
	count_places(end->peer.netns, -1);
}

/* Gives back what an end holds. Sockets are not deleted where redirected bytes may be unread: the kernel takes them
 * out of the SOCKHASH when their program closes them. */
static __always_inline void let_go(struct end *end)
{
	__u64 peer = end->peer.cookie;

	if (end->accepting && !forget_original(end->face.cookie))
		give_places_back(end);
	else if (!end->joined)
		leave_map(end);
	if (end->accepting && !end->joined && peer)
		bpf_map_delete_elem(&joints, &peer);
	end->face.in_map = 0;
	end->peer.cookie = 0;
}

/* Counts what ran beside the programs, over a socket outside of the map. */
static __always_inline void count_sent(struct end *end, struct tcp_sock *tp)
{
	__u64 sent = tp->bytes_sent - tp->bytes_retrans;

	if (sent <= end->tcp_bytes)
		return;
	count_tcp_bytes(end->slot, sent - end->tcp_bytes);
	end->tcp_bytes = sent;
}

static __always_inline void on_close(struct bpf_sock_ops *ops, struct end *end, struct tcp_sock *tp)
{
	struct handshake handshake = end->face.handshake;
	struct endpoint original = {};

	/* the peer sees it from here on, and what it leaves for this end later it takes back itself */
	__builtin_memset(&end->face.handshake, 0, sizeof(end->face.handshake));
	if (!end->accepting && end->path != PATH_NONE) {
		if (!take_joint(end))
			give_up(end, &handshake);
		read_remote(ops, &original);
		learn_from(end->netns, &original, tp, end->turns, end->departures);
	}
	let_go(end);
	mark_adopted(end, false);
	count_sent(end, tp);
	settle(end, STANDING_NONE);
}

#endif
