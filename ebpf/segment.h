/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the sequence number and the length of a TCP segment from a packet that begins with its network header. */
#ifndef SIDECAR_ACCELERATION_SEGMENT_H
#define SIDECAR_ACCELERATION_SEGMENT_H

#include "kernel.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* struct ipv6_opt_hdr and the kinds of it that may stand before TCP (include/uapi/linux/in6.h) */
#define HOP_OPTIONS 0
#define ROUTING 43
#define DESTINATION_OPTIONS 60
#define MOST_EXTENSIONS 4

struct segment {
	__u32 sequence;
	__u32 length; /* bytes of data */
};

/* The offset of the TCP header; 0 where it is not found. */
static __always_inline __u32 tcp_offset(struct __sk_buff *skb)
{
	__u8 first, extension[2], kind;
	__u32 offset = 40;

	if (bpf_skb_load_bytes(skb, 0, &first, 1))
		return 0;
	if (first >> 4 == 4)
		return (first & 15) * 4;
	if (bpf_skb_load_bytes(skb, 6, &kind, 1)) /* next header of struct ipv6hdr */
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

	if (!offset || bpf_skb_load_bytes(skb, offset + 4, &sequence, 4) || bpf_skb_load_bytes(skb, offset + 12, &data_offset, 1))
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

#endif
