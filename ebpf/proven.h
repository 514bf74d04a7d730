/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How much a container's programs were seen to read at once over TCP, without splice(2) and FIONREAD. A program that reads small
 * messages plainly may read a large one otherwise: nginx asks FIONREAD when a read has filled its buffer, a relay leaves bodies
 * to splice(2). So a message longer than anything that was seen to be read goes over TCP, where both are right, and the
 * reader is watched while it takes it.
 *
 * Lengths are kept in bits. Buffers mostly have a power of two of bytes, and two lengths of as many bits fill the same. */
#ifndef SIDECAR_ACCELERATION_PROVEN_H
#define SIDECAR_ACCELERATION_PROVEN_H

#include "counters.h"
#include "offers.h"

#define MOST_BITS 32

static __always_inline __u32 bits_of(__u64 bytes)
{
	__u32 bits = 0;

#pragma unroll
	for (__u32 step = MOST_BITS / 2; step; step /= 2)
		bits += bytes >> (bits + step) ? step : 0;
	return bytes >> bits ? bits + 1 : bits;
}

/* 0 for a container that nobody has seen reading. */
static __always_inline __u32 proven_bits(__u64 container)
{
	__u32 *bits = bpf_map_lookup_elem(&seen_readers, &container);

	return bits ? *bits : 0;
}

/* Where nothing is learnt, readers are trusted from the start. */
static __always_inline bool asks_for_proof(const struct settings *settings)
{
	return settings->learns || settings->warm_up;
}

/* Whether FIONREAD leaves redirected bytes out, so that a reader must find no more of them than it takes at once. */
static __always_inline bool counts_tcp_alone(void)
{
	return !(offers.fionread & FIONREAD_REDIRECTED);
}

/* Whether the peer is not known to read so many bytes well. */
static __always_inline bool exceeds_proven(struct end *end, __u64 bytes)
{
	if (!(bytes >> end->proven))
		return false;
	end->proven = proven_bits(end->peer.container);
	return bytes >> end->proven;
}

/* A message that exceeds what is proven goes over TCP. */
static __always_inline void begin_proof(struct end *end, __u64 bytes, const struct settings *settings)
{
	__u32 bits = bits_of(bytes);

	if (!end->proving)
		end->proving_watch = settings->watch;
	else if (end->proving_watch != settings->watch)
		end->proving_watch = 0;
	if (bits > end->proving)
		end->proving = bits;
}

/* The peer has read all that went over TCP. It is known to read so much if it was watched all the time. */
static __always_inline void end_proof(struct end *end, const struct settings *settings)
{
	__u32 bits = end->proving;

	end->proving = 0;
	if (end->proving_watch && end->proving_watch == settings->watch && bits > proven_bits(end->peer.container))
		bpf_map_update_elem(&seen_readers, &end->peer.container, &bits, BPF_ANY);
}

#endif
