/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How much a container's programs were seen to read at once over TCP, without splice(2) and FIONREAD. A program that reads small
 * messages plainly may read a large one otherwise: nginx asks FIONREAD when a read has filled its buffer, a relay leaves bodies
 * to splice(2). So a message longer than anything that was seen to be read goes over TCP, where both are right, and the
 * reader is watched while it takes it. */
#ifndef SIDECAR_ACCELERATION_PROVEN_H
#define SIDECAR_ACCELERATION_PROVEN_H

#include "statistics.h"
#include "features.h"

#define MOST_BITS 32

/* Length in bits. */
static __always_inline __u32 bits_of(__u64 bytes)
{
	__u32 bits = 0;

#pragma unroll
	for (__u32 step = MOST_BITS / 2; step; step /= 2)
		bits += bytes >> (bits + step) ? step : 0;
	return bytes >> bits ? bits + 1 : bits;
}

/* The most that has so many bits. */
static __always_inline __u32 bytes_of(__u32 bits)
{
	return bits < MOST_BITS ? (1ULL << bits) - 1 : ~0U;
}

/* 0 for a container that nobody has seen reading. */
static __always_inline __u32 proven_by(__u64 container)
{
	__u32 *bytes = bpf_map_lookup_elem(&seen_readers, &container);

	return bytes ? *bytes : 0;
}

/* Where nothing is learnt, readers are trusted from the start. */
static __always_inline bool needs_proof(const struct settings *settings)
{
	return settings->learns || settings->warm_up;
}

/* Whether FIONREAD leaves redirected bytes out, so that a reader must find no more of them than it takes at once. */
static __always_inline bool counts_tcp_alone(void)
{
	return !(features.fionread & FIONREAD_REDIRECTED);
}

/* What is proven by a message that was read. Where FIONREAD tells of redirected bytes, lengths of as many bits are alike: buffers
 * mostly have a power of two of bytes, and a proof there may cost a connection its place in the map. */
static __always_inline __u32 proof_by(__u64 bytes)
{
	if (counts_tcp_alone())
		return bytes < ~0U ? bytes : ~0U;
	return bytes_of(bits_of(bytes));
}

/* Whether the peer is not known to read so many bytes well. */
static __always_inline bool check_proven(struct socket_state *state, __u64 bytes)
{
	if (bytes <= state->proven)
		return false;
	state->proven = proven_by(state->peer.container);
	return bytes > state->proven;
}

/* A message that exceeds what is proven goes over TCP. */
static __always_inline void begin_proof(struct socket_state *state, __u64 bytes, const struct settings *settings)
{
	__u32 proof = proof_by(bytes);

	if (!state->proving)
		state->proving_watch = settings->watch;
	else if (state->proving_watch != settings->watch)
		state->proving_watch = 0;
	if (proof > state->proving)
		state->proving = proof;
}

/* The peer has read all that went over TCP. It is known to read so much if it was watched all the time. */
static __always_inline void end_proof(struct socket_state *state, const struct settings *settings)
{
	__u32 proof = state->proving;

	state->proving = 0;
	if (state->proving_watch && state->proving_watch == settings->watch && proof > proven_by(state->peer.container))
		bpf_map_update_elem(&seen_readers, &state->peer.container, &proof, BPF_ANY);
}

#endif
