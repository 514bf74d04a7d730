/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One queue at a time, at the receiving end. While redirected bytes are unread, what arrives over TCP is kept from the
 * reader: the segment with the next byte in order is dropped, and TCP sends it again. Segments behind it wait in TCP's own
 * out-of-order queue, where their acknowledgements make the sender repeat the first one soon. So the reader gets a
 * wake-up of its own for them when its first queue is empty, with nobody's help (epoll(7), Q9). It is the back pressure, too,
 * that redirecting lacks.
 *
 * The sender repeats by its retransmission timer (timers.h), and waits twice as long each time: a reader that was away for a
 * second gets the rest a second later at most. A sender must not take a long wait for a dead connection: it gives up after
 * some fifteen minutes (tcp_retries2), after TCP_USER_TIMEOUT, or once its program has closed the socket, after less
 * (tcp_orphan_retries); so segments pass before: with one of those, a reader that is away for long is woken by the agent's visits. */
#ifndef SIDECAR_ACCELERATION_HOLD_H
#define SIDECAR_ACCELERATION_HOLD_H

#include "leaving.h"
#include <bpf/bpf_endian.h>

#define NS_PER_MS 1000000ULL
#define LONGEST_HOLD_NS (600 * 1000 * NS_PER_MS)
/* A connection that is to leave is out of the map with the first retransmission; if it is not, it shall not wait for it. */
#define LEAVING_HOLD_NS (50 * NS_PER_MS)

/* struct ipv6_opt_hdr and the kinds of it that may stand before TCP (include/uapi/linux/in6.h) */
#define HOP_OPTIONS 0
#define ROUTING 43
#define DESTINATION_OPTIONS 60
#define MOST_EXTENSIONS 4

/* The sequence number of a segment and the length of its bytes. */
struct segment {
	__u32 sequence;
	__u32 length;
};

/* Offset of the TCP header in a packet that begins with its network header; 0 where it is not found. */
static __always_inline __u32 tcp_offset(struct __sk_buff *skb)
{
	__u8 first, extension[2], kind;
	__u32 offset = 40;

	if (bpf_skb_load_bytes(skb, 0, &first, 1))
		return 0;
	if (first >> 4 == 4)
		return (first & 15) * 4;
	if (bpf_skb_load_bytes(skb, 6, &kind, 1))	/* next header of struct ipv6hdr */
		return 0;
#pragma unroll
	for (int i = 0; i < MOST_EXTENSIONS; i++) {
		if (kind != HOP_OPTIONS && kind != ROUTING && kind != DESTINATION_OPTIONS)
			break;
		if (bpf_skb_load_bytes(skb, offset, extension, 2))
			return 0;
		kind = extension[0];
		offset += (extension[1] + 1) * 8;
	}
	return kind == 6 ? offset : 0;
}

static __always_inline bool read_segment(struct __sk_buff *skb, struct segment *segment)
{
	__u32 offset = tcp_offset(skb), headers;
	__u8 data_offset;
	__be32 sequence;

	if (!offset || bpf_skb_load_bytes(skb, offset + 4, &sequence, 4) ||
	    bpf_skb_load_bytes(skb, offset + 12, &data_offset, 1))
		return false;
	headers = offset + (data_offset >> 4) * 4;
	segment->sequence = bpf_ntohl(sequence);
	segment->length = skb->len > headers ? skb->len - headers : 0;
	return true;
}

/* Whether a segment brings the next byte in order. */
static __always_inline bool is_next(const struct segment *segment, struct tcp_sock *tp)
{
	__s32 before = segment->sequence - tp->rcv_nxt;

	return segment->length && before <= 0 && before + (__s32)segment->length > 0;
}

/* Whether the socket is in a SOCKHASH of this product, of whatever version of its maps: others' are not touched. */
static __always_inline bool runs_our_program(struct sock *sk)
{
	__u64 psock = (__u64)BPF_CORE_READ(sk, sk_user_data) & ~USER_DATA_FLAGS;
	char name[16] = {};
	void *program = NULL;
	struct bpf_prog_aux *aux = NULL;

	if (bpf_core_read(&program, sizeof(program), &((struct sk_psock *)psock)->progs.msg_parser) || !program)
		return false;
	if (bpf_core_read(&aux, sizeof(aux), &((struct bpf_prog *)program)->aux) || !aux)
		return false;
	if (bpf_core_read(name, sizeof(name), &aux->name))
		return false;
	return *(__u64 *)name == *(const __u64 *)"on_messa";
}

/* How long the sender may be kept waiting; 0 where it waits no longer, or is not there to be asked. */
static __always_inline __u64 longest_hold(const struct socket_state *state)
{
	struct sock *sender = PEEKABLE(struct sock, state->peer.sock);
	struct inet_connection_sock *connection = PEEKABLE(struct inet_connection_sock, state->peer.sock);
	__u64 user_timeout;
	__u8 tcp_state;

	if (!state->peer.cookie || (__u64)PEEK(sender, __sk_common.skc_cookie.counter) != state->peer.cookie)
		return 0;
	tcp_state = PEEK(sender, __sk_common.skc_state);
	if (tcp_state != BPF_TCP_ESTABLISHED && tcp_state != BPF_TCP_CLOSE_WAIT)
		return 0;
	/* the retransmission after the one that passes first may come twice as late */
	user_timeout = PEEK(connection, icsk_user_timeout) * NS_PER_MS / 4;
	return user_timeout && user_timeout < LONGEST_HOLD_NS ? user_timeout : LONGEST_HOLD_NS;
}

/* Counts the time from the first segment that had to wait, for unread bytes or for the connection to leave. */
static __always_inline bool hold_for(struct socket_state *state, bool unread, __u64 longest)
{
	__u64 now = bpf_ktime_get_ns();

	if (!state->held_since || state->held_unread != unread)
		state->held_since = now;
	state->held_unread = unread;
	return now - state->held_since < longest;
}

/* The reader has splice(2) take bytes from TCP's queue alone: what is redirected and unread must never be overtaken. */
static __always_inline bool is_spliced(const struct socket_state *state)
{
	__u64 cookie = state->shown.cookie;

	return bpf_map_lookup_elem(&spliced, &cookie);
}

/* Where FIONREAD counts redirected bytes alone, bytes of TCP are shown to the reader of a connection that is to leave only
 * when it is out of the map: one that asks how much there is would be told too little. */
static __always_inline bool must_leave_first(const struct socket_state *state)
{
	struct shown sender;

	if (!must_leave_for_tcp() || !state->shown.in_map)
		return false;
	return state->shown.leaving || (read_peer(state, &sender) && sender.leaving);
}

static __always_inline bool hold(struct __sk_buff *skb, struct bpf_sock *sk, struct tcp_sock *tp)
{
	bool unread = !fast_queue_empty((struct sock *)tp);
	struct segment segment;
	struct socket_state *state;

	state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
	if (!state)
		return unread && runs_our_program((struct sock *)tp) && read_segment(skb, &segment) && is_next(&segment, tp);
	if (!unread && !must_leave_first(state)) {
		state->held_since = 0;
		return false;
	}
	if (!read_segment(skb, &segment) || !is_next(&segment, tp))
		return false;
	if (!unread)
		return hold_for(state, false, LEAVING_HOLD_NS);
	return is_spliced(state) || hold_for(state, true, longest_hold(state));
}

#endif
