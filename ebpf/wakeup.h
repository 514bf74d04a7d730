/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds readers that leave bytes of TCP unread although they poll, and wakes them. */
#ifndef SIDECAR_ACCELERATION_WAKEUP_H
#define SIDECAR_ACCELERATION_WAKEUP_H

#include "psock.h"
#include "statistics.h"

#define SOL_SOCKET 1
#define SO_RCVLOWAT 18 /* include/uapi/asm-generic/socket.h; the same on x86-64 and arm64 */

/* Wakes a reader. Setting SO_RCVLOWAT to the value it has does that (tcp_set_rcvlowat(), net/ipv4/tcp.c). */
static __always_inline void wake_reader(struct socket_state *state, struct tcp_sock *tp, struct sock *sk)
{
	int low_water = BPF_CORE_READ(sk, sk_rcvlowat);

	if (!bpf_setsockopt(tp, SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof(low_water)))
		COUNT(state->slot, woken);
}

static __always_inline bool has_unread_tcp(struct tcp_sock *tp)
{
	return BPF_CORE_READ(tp, rcv_nxt) != BPF_CORE_READ(tp, copied_seq);
}

/* Notes how far the program has read over TCP. True where that is further than at the last scan. */
static __always_inline bool note_read(struct socket_state *state, struct tcp_sock *tp)
{
	__u32 read = BPF_CORE_READ(tp, copied_seq);
	bool moved = state->seen_read != read;

	state->seen_read = read;
	return moved;
}

/* Whether bytes of TCP have lain unread since the last scan, with nothing else to read. `read`: the answer of note_read(). */
static __always_inline bool is_left_unread(bool read, struct tcp_sock *tp, struct sock *sk)
{
	return !read && has_unread_tcp(tp) && is_psock_queue_empty(sk);
}

#endif
