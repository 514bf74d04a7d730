/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many bytes at once the programs of a container are proven to read well: they were watched while they read as many over TCP, and used
 * neither splice(2) nor FIONREAD. A program that reads small messages plainly may read a large one otherwise: nginx asks FIONREAD when a read
 * has filled its buffer, and a relay splices bodies. So a message that is longer than what is proven goes over TCP, which serves both, and the
 * reader is watched while it reads the message. */
#ifndef SIDECAR_ACCELERATION_PROVEN_H
#define SIDECAR_ACCELERATION_PROVEN_H

#include "features.h"
#include "maps.h"

#define MOST_BITS 32

/* The length of a number in bits. */
static __always_inline __u32 bits_of(__u64 bytes)
{
	__u32 bits = 0;

#pragma unroll
	for (__u32 step = MOST_BITS / 2; step; step /= 2)
		bits += bytes >> (bits + step) ? step : 0;
	return bytes >> bits ? bits + 1 : bits;
}

/* The largest number that has so many bits. */
static __always_inline __u32 bytes_of(__u32 bits)
{
	return bits < MOST_BITS ? (1ULL << bits) - 1 : ~0U;
}

/* 0 for a container whose programs were not watched yet. */
static __always_inline __u32 proven_by(__u64 container)
{
	__u32 *bytes = bpf_map_lookup_elem(&seen_readers, &container);

	return bytes ? *bytes : 0;
}

/* Whether a reader must be seen reading long messages over TCP before such messages are redirected to it. Where connections are neither learnt nor
 * warmed up, readers are trusted from the start. */
static __always_inline bool needs_proof(const struct settings *settings)
{
	return settings->learns || settings->warm_up;
}

/* What a message proves that was read. Where FIONREAD counts redirected bytes, it proves all lengths of as many bits: the size of a buffer
 * mostly is a power of two, and each proof may cost a connection its place in the SOCKHASH. */
static __always_inline __u32 proof_by(__u64 bytes)
{
	if (fionread_omits_redirected())
		return bytes < ~0U ? bytes : ~0U;
	return bytes_of(bits_of(bytes));
}

/* Compares a length with what the peer's container is proven to read; true where it is longer. Looks the row up again, into the state, when the
 * copy there is too small. */
static __always_inline bool check_proven(struct socket_state *state, __u64 bytes)
{
	if (bytes <= state->proven)
		return false;
	state->proven = proven_by(state->peer.container);
	return bytes > state->proven;
}

/* Notes that so many bytes go over TCP for a proof. */
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

/* Called when the peer has read all that went over TCP. The bytes are proven if the peer was watched all the time. */
static __always_inline void end_proof(struct socket_state *state, const struct settings *settings)
{
	__u32 proof = state->proving;

	state->proving = 0;
	if (state->proving_watch && state->proving_watch == settings->watch && proof > proven_by(state->peer.container))
		bpf_map_update_elem(&seen_readers, &state->peer.container, &proof, BPF_ANY);
}

#endif
