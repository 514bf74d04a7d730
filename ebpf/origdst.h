/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The original-destination map: what the client asked for, and where the rules of its pod sent it. */
#ifndef SIDECAR_ACCELERATION_ORIGDST_H
#define SIDECAR_ACCELERATION_ORIGDST_H

#include "endpoint.h"
#include "features.h"

#define SOL_IP 0
/* openEuler's include/uapi/linux/netfilter_ipv4.h. Its 5.10 takes the option by a helper, its 6.6 by bpf_getsockopt();
 * upstream answers -EINVAL. Neither knows SO_ORIGINAL_DST, 80. */
#define BPF_SO_ORIGINAL_DST 800

/* openEuler 5.10: long bpf_sk_original_addr(void *ctx, int optname, void *optval, int optlen). The helper has no
 * number of its own upstream, so the agent looks for it by name in the running kernel's BTF (enum bpf_func_id) and
 * writes the number over this one before loading; where there is none, `offers` says so and
 * the verifier never reaches the call. */
#define ORIGINAL_ADDR_HELPER 0x5ca1ab1e

static long (*bpf_sk_original_addr)(void *ctx, int optname, void *optval, int optlen) = (void *)ORIGINAL_ADDR_HELPER;

/* include/uapi/linux/in.h, struct sockaddr_in */
struct socket_address_v4 {
	__u16 family;
	__u16 port;
	__u32 address;
	__u8 zero[8];
};

/* Asks connection tracking what a connection's destination was before any translation; true where it says. It looks
 * the socket's inet_rcv_saddr and inet_daddr up (openEuler's bpf_getorigdst_impl(), net/netfilter/nf_conntrack_proto.c),
 * which are those of the connection where it is IPv4, also one that a listener on [::] accepted; of a connection over
 * IPv6 both are 127.0.0.6 (net/ipv6/tcp_ipv6.c), and the answer would be another connection's. */
static __always_inline bool original_by_helper(struct bpf_sock_ops *ops, const struct endpoint *local,
					       struct endpoint *original)
{
	struct socket_address_v4 found = {};
	long error;

	if (!is_v4(&local->address))
		return false;
	if (features.original_addr_helper)
		error = bpf_sk_original_addr(ops, BPF_SO_ORIGINAL_DST, &found, sizeof(found));
	else
		error = bpf_getsockopt(ops, SOL_IP, BPF_SO_ORIGINAL_DST, &found, sizeof(found));
	if (error || !found.address)
		return false;
	set_v4(&original->address, found.address);
	original->port = bpf_ntohs(found.port);
	return true;
}

/* Takes the kernel's own answer into a row. A namespace tracks its own translations only: where the client is in
 * another, what the client connected to stands unless the answer is the same. */
static __always_inline void ask_helper(struct bpf_sock_ops *ops, struct origdst *row)
{
	struct endpoint asked = {};

	if (!original_by_helper(ops, &row->redirected, &asked))
		return;
	if (row->path != PATH_POD_LOCAL &&
	    !(asked.port == row->original.port && same_address(&asked.address, &row->original.address)))
		return;
	row->original = asked;
	row->origin = ORIGIN_HELPER;
}

/* Called at the accepting end, with the half its connecting end left at the rendezvous; non-zero when the map is full. */
static __always_inline long remember_original(struct bpf_sock_ops *ops, const struct pending_connect *connect, __u64 cookie,
					      enum path_kind path)
{
	struct origdst row = {
		.client_cookie = connect->identity.cookie,
		.slot = connect->identity.slot,
		.path = path,
		.origin = ORIGIN_RENDEZVOUS,
		.client = connect->client,
		.original = connect->original,
	};

	read_local(ops, &row.redirected);
	ask_helper(ops, &row);
	return bpf_map_update_elem(&origdsts, &cookie, &row, BPF_ANY);
}

/* Zero for the one caller that took the row away. */
static __always_inline long forget_original(__u64 cookie)
{
	return bpf_map_delete_elem(&origdsts, &cookie);
}

#endif
