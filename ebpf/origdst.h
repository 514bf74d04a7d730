/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of the original-destination map: what the client of a joined connection asked for, and where the rules of its pod sent it. */
#ifndef SIDECAR_ACCELERATION_ORIGDST_H
#define SIDECAR_ACCELERATION_ORIGDST_H

#include "endpoint.h"
#include "features.h"

#define SOL_IP 0
/* openEuler's include/uapi/linux/netfilter_ipv4.h. openEuler 5.10 takes this option by a helper, openEuler 6.6 by bpf_getsockopt(). Upstream
 * kernels answer -EINVAL. None of them takes SO_ORIGINAL_DST, 80. */
#define BPF_SO_ORIGINAL_DST 800

/* openEuler 5.10: long bpf_sk_original_addr(void *ctx, int optname, void *optval, int optlen). Upstream the helper has no number. So the agent
 * looks for its name in the BTF of the running kernel (enum bpf_func_id), and writes the number over this one before it loads the object. Where
 * the kernel has no such helper, `features` says so, and the verifier does not look at the call. */
#define ORIGINAL_ADDR_HELPER 0x5ca1ab1e

static long (*bpf_sk_original_addr)(void *ctx, int optname, void *optval, int optlen) = (void *)ORIGINAL_ADDR_HELPER;

/* include/uapi/linux/in.h, struct sockaddr_in */
struct socket_address_v4 {
	__u16 family;
	__u16 port;
	__u32 address;
	__u8 zero[8];
};

/* Asks the kernel's connection tracking for the destination of a connection before any translation; true where it has an answer. The kernel
 * looks up the socket's inet_rcv_saddr and inet_daddr (openEuler's bpf_getorigdst_impl(), net/netfilter/nf_conntrack_proto.c). These are the
 * addresses of a connection over IPv4, also of one that a listener on [::] accepted. Of every connection over IPv6 both are 127.0.0.6
 * (net/ipv6/tcp_ipv6.c), so the answer would belong to another connection. */
static __always_inline bool original_by_helper(struct bpf_sock_ops *ops, const struct endpoint *local, struct endpoint *original)
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

/* Puts the original destination that the kernel's helper returns into a row. A network namespace tracks only its own translations. So where the
 * client is in another namespace, the row keeps the address to which the client connected, unless the helper returns the same address. */
static __always_inline void ask_helper(struct bpf_sock_ops *ops, struct origdst *row)
{
	struct endpoint asked = {};

	if (!original_by_helper(ops, &row->redirected, &asked))
		return;
	if (row->path != PATH_POD_LOCAL && !(asked.port == row->original.port && same_address(&asked.address, &row->original.address)))
		return;
	row->original = asked;
	row->origin = ORIGIN_HELPER;
}

/* Adds a row to the original-destination map. Called at the accepting end, with the pending connect of its connecting end. Non-zero when the map
 * is full. */
static __always_inline long remember_original(struct bpf_sock_ops *ops, const struct pending_connect *connect, __u64 cookie, enum path_kind path)
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

/* Deletes a row. Zero for the one caller that has deleted it; that caller gives back what the connection held. */
static __always_inline long forget_original(__u64 cookie)
{
	return bpf_map_delete_elem(&origdsts, &cookie);
}

#endif
