/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a program may ask of its socket that redirected bytes cannot give. Such a connection stays on TCP, or goes back to it. */
#ifndef SIDECAR_ACCELERATION_UNSUPPORTED_H
#define SIDECAR_ACCELERATION_UNSUPPORTED_H

#include "peek.h"

/* SOF_TIMESTAMPING_TX_RECORD_MASK of include/uapi/linux/net_tstamp.h */
#define TX_TIMESTAMPS 0x303
#define UNPACED (~0UL)
/* TCP_USER_TIMEOUT in ms. With a shorter one there is no time to hold segments back (hold.h). gRPC sets 20 s. */
#define LEAST_USER_TIMEOUT 10000

/* Whether a program has mapped the socket into its memory, to receive the pages in which TCP has the bytes (TCP_ZEROCOPY_RECEIVE). */
static __always_inline bool is_mapped(struct sock *sk)
{
	struct socket_alloc *holder = PEEKABLE(struct socket_alloc, PEEK(sk, sk_socket));

	return PEEK(holder, vfs_inode.i_data.i_mmap.rb_root.rb_node);
}

/* Whether the sender has asked for what only TCP gives: completions of zero-copy sends, timestamps, a pace, or an early end of waiting. A
 * program may ask for these at any time. */
static __always_inline bool sender_needs_tcp(struct tcp_sock *tp, bool own)
{
	struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	__u32 user_timeout = PEEK_UNLESS_OWN(tp, inet_conn.icsk_user_timeout, own);

	return FLAG(PEEK_UNLESS_OWN(sk, __sk_common.skc_flags, own), SOCK_ZEROCOPY) || (PEEK_UNLESS_OWN(sk, sk_tsflags, own) & TX_TIMESTAMPS) ||
	       PEEK_UNLESS_OWN(sk, sk_max_pacing_rate, own) != UNPACED || (user_timeout && user_timeout < LEAST_USER_TIMEOUT);
}

/* Whether the reader has asked for what comes only with bytes of TCP: timestamps, urgent data in line, an offset to peek at, mapped pages, or
 * a hint of how much is left. A program may ask for these at any time. */
static __always_inline bool reader_needs_tcp(struct tcp_sock *tp)
{
	struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	unsigned long flags = PEEK(sk, __sk_common.skc_flags);

	if (FLAG(flags, SOCK_RCVTSTAMP) || FLAG(flags, SOCK_URGINLINE) || PEEK(sk, sk_peek_off) >= 0 || is_mapped(sk))
		return true;
	return bpf_core_field_exists(tp->recvmsg_inq) && PEEK_BITS(tp, recvmsg_inq);
}

/* TCP Fast Open: the accepting end is established before the connecting end, with bytes in the SYN. */
static __always_inline bool used_fast_open(struct tcp_sock *tp)
{
	return PEEK(tp, fastopen_rsk) || PEEK_BITS(tp, syn_data_acked);
}

/* TCP_REPAIR: the program of the socket sets the numbers of its handshake as it likes. */
static __always_inline bool is_under_repair(struct tcp_sock *tp)
{
	return PEEK_BITS(tp, repair);
}

/* Whether TCP, or a layer below sendmsg(), changes the bytes or their sequence numbers: TCP_REPAIR, or an upper-layer protocol such as kernel TLS.
 * `own`: `tp` is the socket that this program runs for, and is read directly. */
static __always_inline bool works_below(struct tcp_sock *tp, bool own)
{
	return PEEK_BITS_UNLESS_OWN(tp, repair, own) || PEEK_UNLESS_OWN(tp, inet_conn.icsk_ulp_ops, own);
}

/* Whether a socket cannot be joined. Multipath TCP keeps the order of its data outside of the subflow, and repaired sockets and upper-layer
 * protocols keep it elsewhere too. `tp`: a socket of this program's, or from PEEKABLE(). */
static __always_inline bool is_unsupported(struct tcp_sock *tp)
{
	if (bpf_core_field_exists(tp->is_mptcp) && PEEK(tp, is_mptcp))
		return true;
	return used_fast_open(tp) || works_below(tp, false) || sender_needs_tcp(tp, false) || reader_needs_tcp(tp);
}

/* Whether an application has switched something on, since the connection opened, for which a message from `own` to `peer` needs TCP. This runs for
 * nearly every message, so it checks nothing else. `own`: the socket that this program runs for. */
static __always_inline bool has_become_unsupported(struct tcp_sock *own, struct tcp_sock *peer)
{
	return sender_needs_tcp(own, true) || reader_needs_tcp(peer) || works_below(own, true) ||
	       (features.readonly_cast && works_below(peer, false));
}

/* The check of one message. What kind of socket the two are does not change, so it is checked at the first messages and then now and then.
 * `messages`: how many were sent before. */
static __always_inline bool is_unsupported_now(struct tcp_sock *own, struct tcp_sock *peer, __u32 messages)
{
	if (messages < 16 || !(messages & 255))
		return is_unsupported(own) || is_unsupported(peer);
	return has_become_unsupported(own, peer);
}

#endif
