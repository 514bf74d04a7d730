/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel structs that the programs read, by CO-RE: only the members they use, in any order. Names and nesting follow the kernel's own headers. */
#ifndef SIDECAR_ACCELERATION_KERNEL_H
#define SIDECAR_ACCELERATION_KERNEL_H

#include <linux/bpf.h>
#include <stdbool.h>

#define AF_INET 2
#define AF_INET6 10
#define O_NONBLOCK 00004000 /* include/uapi/asm-generic/fcntl.h; the same on x86-64 and arm64 */

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

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	atomic_t refs;
} refcount_t;

struct in6_addr {
	__u8 in6_u[16];
};

/* Bits of skc_flags; their numbers differ between kernels. */
enum sock_flags {
	SOCK_URGINLINE,
	SOCK_RCVTSTAMP,
	SOCK_ZEROCOPY,
	SOCK_DEAD,
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num; /* local port, host byte order */
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	unsigned long skc_flags;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
	refcount_t skc_refcnt;
};

struct file {
	unsigned int f_flags;
	void *private_data;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

/* A type of two 64-bit words, by which peek.h reads kernel memory of types that the kernel's BTF does not have. */
struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

struct rb_node;

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
};

struct address_space {
	struct rb_root_cached i_mmap; /* where the file is mapped into memory */
};

struct inode {
	struct address_space i_data;
};

/* A struct socket is the first part of it. */
struct socket_alloc {
	struct inode vfs_inode;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct hlist_node {
	struct hlist_node **pprev;
};

struct timer_list {
	struct hlist_node entry;
};

struct hrtimer {
	__u8 state; /* HRTIMER_STATE_ENQUEUED is bit 0 */
};

/* Newer kernels, without `state`. */
struct hrtimer___queued {
	bool is_queued;
};

typedef struct {
	int owned;
} socket_lock_t;

struct sock_backlog {
	atomic_t rmem_alloc; /* sk_rmem_alloc, a macro of the kernel: bytes charged to the receive buffer */
};

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	struct socket *sk_socket;
	void *sk_user_data;
	struct sock_backlog sk_backlog; /* an unnamed struct in the kernel */
	int sk_rcvbuf;
	int sk_err;
	unsigned long sk_max_pacing_rate; /* SO_MAX_PACING_RATE, bytes a second; all ones: none */
	int sk_rcvlowat;
	int sk_peek_off;
	__u32 sk_tsflags;
	__u16 sk_protocol;
	struct timer_list sk_timer;		/* since 6.19 one place with tcp_retransmit_timer */
	struct timer_list tcp_retransmit_timer; /* since 6.19; before, icsk_retransmit_timer */
	struct sock_cgroup_data sk_cgrp_data;
};

struct inet_sock {
	struct sock sk;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct timer_list icsk_retransmit_timer;
	struct timer_list icsk_delack_timer;
	struct timer_list icsk_keepalive_timer; /* since 6.19; before, sk_timer */
	const void *icsk_ulp_ops;
	__u32 icsk_user_timeout; /* TCP_USER_TIMEOUT, ms */
};

struct tcp_options_received {
	__u16 mss_clamp; /* the MSS the other end announced */
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	struct tcp_options_received rx_opt;
	__u32 write_seq;
	__u32 copied_seq;
	__u32 rcv_nxt;
	__u32 snd_una;
	__u32 srtt_us;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 bytes_acked;
	__u64 bytes_received;
	__u32 data_segs_in;
	__u32 data_segs_out;
	void *fastopen_rsk;
	struct hrtimer pacing_timer;
	struct hrtimer compressed_ack_timer;
	__u8 bpf_sock_ops_cb_flags;
	bool is_mptcp; /* with CONFIG_MPTCP only */
	__u8 repair : 1;
	__u8 recvmsg_inq : 1;
	__u8 syn_data_acked : 1;
	__u8 nonagle : 4;
};

struct list_head {
	struct list_head *next, *prev;
};

struct bpf_prog_aux {
	char name[16];
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct sk_msg_sg {
	__u32 size;
};

struct sk_msg {
	struct sk_msg_sg sg;
	struct list_head list; /* in sk_psock.ingress_msg */
};

struct sk_psock_progs {
	struct bpf_prog *msg_parser;
};

struct sk_psock {
	struct sk_psock_progs progs;
	struct list_head ingress_msg;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct task_struct {
	struct files_struct *files;
	unsigned int flags;
	void *worker_private; /* struct io_worker, of a thread that has PF_IO_WORKER (since 5.17) */
};

struct io_wq_work {
	unsigned int flags;
};

struct io_worker {
	struct io_wq_work *cur_work; /* the member of a struct io_kiocb */
};

struct io_kiocb {
	__u8 opcode;
	struct io_wq_work work;
};

/* The registers of the processor, as each architecture names them. */
struct pt_regs___x86 {
	unsigned long di, si, orig_ax;
};

struct pt_regs___arm64 {
	__u64 regs[31];
	__s32 syscallno;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__sockmap {
	struct bpf_iter_meta *meta;
	struct sock *sk;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

#pragma clang attribute pop

#endif
