/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses and ports of sockets, and whose pod an address is. IPv4 addresses are kept as v4-mapped IPv6, because the two ends of one
 * connection may differ in family: a listener on [::] accepts IPv4 clients. */
#ifndef SIDECAR_ACCELERATION_ENDPOINT_H
#define SIDECAR_ACCELERATION_ENDPOINT_H

#include "maps.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#define MAPPED_PREFIX bpf_htonl(0xffff)

static __always_inline void set_v4(struct address *address, __u32 v4)
{
	__u32 *words = (__u32 *)address->bytes;

	words[0] = 0;
	words[1] = 0;
	words[2] = MAPPED_PREFIX;
	words[3] = v4;
}

static __always_inline bool is_v4(const struct address *address)
{
	const __u32 *words = (const __u32 *)address->bytes;

	return !words[0] && !words[1] && words[2] == MAPPED_PREFIX;
}

/* The verifier demands context reads of one word each, at constant offsets. Without volatile the compiler may merge two reads into one at a
 * computed address. So the words of both families are read, and those of the right family are kept; the words of the other family can be
 * read and mean nothing. */
#define CONTEXT(field) (*(volatile __u32 *)&(field))

#define READ_ENDPOINT(ops, side, endpoint)                                                  \
	({                                                                                  \
		__u32 v4 = CONTEXT((ops)->side##_ip4);                                      \
		__u32 a = CONTEXT((ops)->side##_ip6[0]), b = CONTEXT((ops)->side##_ip6[1]); \
		__u32 c = CONTEXT((ops)->side##_ip6[2]), d = CONTEXT((ops)->side##_ip6[3]); \
		__u32 *words = (__u32 *)(endpoint)->address.bytes;                          \
		bool mapped = (ops)->family == AF_INET;                                     \
                                                                                            \
		words[0] = mapped ? 0 : a;                                                  \
		words[1] = mapped ? 0 : b;                                                  \
		words[2] = mapped ? MAPPED_PREFIX : c;                                      \
		words[3] = mapped ? v4 : d;                                                 \
		(endpoint)->pad = 0;                                                        \
	})

static __always_inline void read_remote(struct bpf_sock_ops *ops, struct endpoint *remote)
{
	READ_ENDPOINT(ops, remote, remote);
	remote->port = bpf_ntohl(ops->remote_port);
}

static __always_inline void read_local(struct bpf_sock_ops *ops, struct endpoint *local)
{
	READ_ENDPOINT(ops, local, local);
	local->port = ops->local_port;
}

static __always_inline void copy_address(struct address *address, const struct in6_addr *from)
{
	__builtin_memcpy(address->bytes, from, sizeof(*from));
}

/* Both endpoints of a socket, for programs that have no sock_ops context. */
static __always_inline void socket_endpoints(struct sock *sk, struct endpoint *local, struct endpoint *remote)
{
	struct in6_addr own = {}, other = {};

	__builtin_memset(local, 0, sizeof(*local));
	__builtin_memset(remote, 0, sizeof(*remote));
	local->port = BPF_CORE_READ(sk, __sk_common.skc_num);
	remote->port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		set_v4(&local->address, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		set_v4(&remote->address, BPF_CORE_READ(sk, __sk_common.skc_daddr));
		return;
	}
	BPF_CORE_READ_INTO(&own, sk, __sk_common.skc_v6_rcv_saddr);
	BPF_CORE_READ_INTO(&other, sk, __sk_common.skc_v6_daddr);
	copy_address(&local->address, &own);
	copy_address(&remote->address, &other);
}

/* ::1, or 127.0.0.0/8 as v4-mapped. */
static __always_inline bool is_loopback(const struct address *address)
{
	const __u32 *words = (const __u32 *)address->bytes;

	if (is_v4(address))
		return address->bytes[12] == 127;
	return !words[0] && !words[1] && !words[2] && words[3] == bpf_htonl(1);
}

static __always_inline bool same_address(const struct address *a, const struct address *b)
{
	const __u32 *x = (const __u32 *)a->bytes, *y = (const __u32 *)b->bytes; /* endpoints are four-byte aligned */

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3];
}

/* 0 for an address that no pod of this node has. */
static __always_inline enum location location_of(const struct address *address)
{
	struct address_location *found = bpf_map_lookup_elem(&addresses, address);

	return found ? found->location : 0;
}

/* The network namespace of the selected pod that has an address; 0 for every other address. */
static __always_inline __u32 netns_at(const struct address *address)
{
	struct address_location *found = bpf_map_lookup_elem(&addresses, address);

	return found ? found->netns : 0;
}

#endif
