/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Holds bytes of TCP back while redirected ones are unread, so that the reader has one queue to empty at a time. The segment with the next byte in
 * order is dropped, and TCP sends it again. Segments behind it wait in TCP's out-of-order queue, and their acknowledgements make the sender repeat
 * the first one soon. So the bytes of TCP arrive once the psock queue is empty, and wake the reader by themselves (epoll(7), Q9). This is also the
 * back pressure that redirecting lacks.
 *
 * The sender repeats by its retransmission timer (timers.h), and waits twice as long each time. So a reader that was away for a second gets the rest
 * at most a second later. A sender must not take a long wait for a dead connection: it gives up after some fifteen minutes (tcp_retries2), after
 * TCP_USER_TIMEOUT, or 102 s once its program has closed the socket (tcp_orphan_retries: 8 retries of TCP_RTO_MIN, which timers.h has restored by then).
 * So segments pass before that. A reader that is away for so long is woken by a scan of the agent. */
#ifndef SIDECAR_ACCELERATION_HOLD_H
#define SIDECAR_ACCELERATION_HOLD_H

#include "peer.h"
#include "segment.h"
#include "spliced.h"

#define NS_PER_MS 1000000ULL
#define LONGEST_HOLD_NS (600 * 1000 * NS_PER_MS)
/* A connection that is leaving is out of the SOCKHASH with the first retransmission. If it is not, its segments wait no longer than this. */
#define LEAVING_HOLD_NS (50 * NS_PER_MS)

/* At least two retransmissions follow before TCP gives an orphan up. */
#define ORPHAN_HOLD_NS (20 * 1000 * NS_PER_MS)

/* Whether the program of the socket has closed it, while TCP has still to send. */
static __always_inline bool is_orphan(struct sock *sk)
{
	return FLAG(PEEK(sk, __sk_common.skc_flags), SOCK_DEAD);
}

/* Whether TCP sends in this state, or repeats what is not acknowledged. A socket that was shut down or closed does so until its FIN is acknowledged. */
static __always_inline bool still_sends(__u8 tcp_state)
{
	return tcp_state == BPF_TCP_ESTABLISHED || tcp_state == BPF_TCP_CLOSE_WAIT || tcp_state == BPF_TCP_FIN_WAIT1 ||
	       tcp_state == BPF_TCP_CLOSING || tcp_state == BPF_TCP_LAST_ACK;
}

/* How long the segments of the peer may be held back; 0 where the peer no longer repeats them, or cannot be read. */
static __always_inline __u64 longest_hold(const struct socket_state *state)
{
	struct sock *sender = PEEKABLE(struct sock, state->peer.sock);
	struct inet_connection_sock *connection = PEEKABLE(struct inet_connection_sock, state->peer.sock);
	__u64 user_timeout;

	if (!state->peer.cookie || (__u64)PEEK(sender, __sk_common.skc_cookie.counter) != state->peer.cookie)
		return 0;
	if (!still_sends(PEEK(sender, __sk_common.skc_state)))
		return 0;
	if (is_orphan(sender))
		return ORPHAN_HOLD_NS;
	/* the first retransmission that passes may come twice as late as the last one that was held back */
	user_timeout = PEEK(connection, icsk_user_timeout) * NS_PER_MS / 4;
	return user_timeout && user_timeout < LONGEST_HOLD_NS ? user_timeout : LONGEST_HOLD_NS;
}

/* Notes that a segment is to be held back: for unread redirected bytes, or (`unread` false) for the connection to leave. The time counts from the
 * first such segment; false once it is over. */
static __always_inline bool hold_for(struct socket_state *state, bool unread, __u64 longest)
{
	__u64 now = bpf_ktime_get_ns();

	if (!state->held_since || state->held_unread != unread)
		state->held_since = now;
	state->held_unread = unread;
	return now - state->held_since < longest;
}

/* Whether bytes of TCP have to wait until the connection is out of the SOCKHASH. They have to where FIONREAD counts redirected bytes alone and the
 * connection is leaving, because a reader that asks would be told too little. */
static __always_inline bool must_leave_first(const struct socket_state *state)
{
	struct shown peer_shown;

	if (!must_leave_for_tcp() || !state->shown.in_map)
		return false;
	return state->shown.leaving || (read_peer(state, &peer_shown) && peer_shown.leaving);
}

/* Decides whether a segment is held back; true where it is to be dropped. */
static __always_inline bool hold(struct __sk_buff *skb, struct bpf_sock *sk, struct tcp_sock *tp)
{
	bool unread = !is_psock_queue_empty((struct sock *)tp);
	struct segment segment;
	struct socket_state *state;

	state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
	if (!state) /* of another version of this product, say */
		return unread && runs_our_program((struct sock *)tp) && read_segment(skb, &segment) && is_next(&segment, tp);
	if (!unread && !must_leave_first(state)) {
		state->held_since = 0;
		return false;
	}
	if (!read_segment(skb, &segment) || !is_next(&segment, tp))
		return false;
	if (!unread)
		return hold_for(state, false, LEAVING_HOLD_NS);
	/* a reader that splices must never get bytes of TCP before unread redirected ones */
	return is_spliced(state->shown.cookie, state->container) || hold_for(state, true, longest_hold(state));
}

#endif
