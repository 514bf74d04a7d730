/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The few kernel structs the programs read, by CO-RE: only the members used, in any order. Names and nesting
 * follow the kernel's own headers. */
#ifndef SIDECAR_ACCELERATION_KERNEL_H
#define SIDECAR_ACCELERATION_KERNEL_H

#include <linux/bpf.h>
#include <stdbool.h>

#define AF_INET 2
#define AF_INET6 10
#define O_NONBLOCK 00004000	/* include/uapi/asm-generic/fcntl.h; the same on x86-64 and arm64 */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

typedef struct {
	__s64 counter;
} atomic64_t;

struct sock_common {
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	atomic64_t skc_cookie;
};

struct file {
	unsigned int f_flags;
};

struct socket {
	struct file *file;
};

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	void *sk_user_data;
};

struct inet_sock {
	struct sock sk;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	const void *icsk_ulp_ops;
};

struct tcp_options_received {
	__u16 mss_clamp;	/* the MSS the other end announced */
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	struct tcp_options_received rx_opt;
	__u32 write_seq;
	__u32 copied_seq;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	bool is_mptcp;		/* with CONFIG_MPTCP only */
	__u8 repair : 1;
};

struct list_head {
	struct list_head *next, *prev;
};

struct sk_psock {
	struct list_head ingress_msg;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__sockmap {
	struct bpf_iter_meta *meta;
	struct sock *sk;
};

#pragma clang attribute pop

#endif
