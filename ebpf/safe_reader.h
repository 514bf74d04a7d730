/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which readers messages may be redirected to. A reader is safe when it polls its socket, asks to be woken by the first byte, is not known to
 * use splice(2) or FIONREAD where those miss redirected bytes, and was seen to read as much as it is to get. */
#ifndef SIDECAR_ACCELERATION_SAFE_READER_H
#define SIDECAR_ACCELERATION_SAFE_READER_H

#include "peek.h"
#include "proven.h"

/* A reader that sleeps inside the kernel's TCP receive does not see redirected bytes. A reader with O_NONBLOCK does, because it polls. */
static __always_inline bool polls(unsigned int file_flags)
{
	return file_flags & O_NONBLOCK;
}

/* A reader that asks to be woken for a minimum of bytes (SO_RCVLOWAT) would be woken for fewer redirected ones. */
static __always_inline bool wakes_for_first_byte(int low_water)
{
	return low_water <= 1;
}

/* False also while the socket has no file: before accept(), and after close(). */
static __always_inline bool is_polled(struct sock *sk)
{
	struct file *file = BPF_CORE_READ(sk, sk_socket, file);

	return file && polls(BPF_CORE_READ(file, f_flags));
}

static __always_inline bool reads_safely(struct sock *sk)
{
	return is_polled(sk) && wakes_for_first_byte(BPF_CORE_READ(sk, sk_rcvlowat));
}

/* REASON_NONE where no program of the container was seen to read in a way that misses redirected bytes. */
static __always_inline enum reason reason_by_traits(__u64 container)
{
	struct reader_traits *traits = bpf_map_lookup_elem(&containers, &container);

	if (!traits || !(traits->bits & (TRAIT_SPLICES | TRAIT_ASKS_FIONREAD)))
		return REASON_NONE;
	return traits->bits & TRAIT_SPLICES ? REASON_SPLICING_READER : REASON_COUNTING_READER;
}

/* Whether the program of a connection end has not been seen yet to read as many bytes at once as it is to get. False where connections are joined
 * without being learnt and readers can be watched. */
static __always_inline bool is_unknown_reader(const struct socket_state *state, const struct settings *settings)
{
	__u32 proven;

	if (!settings->learns && !settings->unwatched)
		return false;
	proven = proven_by(state->container);
	return !proven || proven < bytes_of(state->unproven);
}

#endif
