/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a socket is read by polling. A blocking recv() on a socket in the SOCKHASH ends with EAGAIN after a signal, a stop
 * or a send of another thread (net/ipv4/tcp_bpf.c, tcp_bpf_recvmsg()), so such sockets must not be there. A connecting
 * socket shows its file when it opens. An accepting one has none yet: its container is known by the sockets that it
 * accepted before, looked at when they have answered, because programs set O_NONBLOCK after accept() too. */
#ifndef SIDECAR_ACCELERATION_ACCEPTORS_H
#define SIDECAR_ACCELERATION_ACCEPTORS_H

#include "state.h"

/* False also while the socket has no file: before accept(), and after close(). */
static __always_inline bool is_polled(struct sock *sk)
{
	struct file *file = BPF_CORE_READ(sk, sk_socket, file);

	return file && (BPF_CORE_READ(file, f_flags) & O_NONBLOCK);
}

/* REASON_NONE where a container polls what it accepts. */
static __always_inline enum reason reason_by_acceptor(__u64 container)
{
	struct reader_traits *traits = bpf_map_lookup_elem(&containers, &container);

	if (!traits || !(traits->bits & (TRAIT_ACCEPTS_POLLING | TRAIT_ACCEPTS_BLOCKING)))
		return REASON_LEARNING;
	return traits->bits & TRAIT_ACCEPTS_BLOCKING ? REASON_BLOCKING_READER : REASON_NONE;
}

static __always_inline void remember_acceptor(__u64 container, enum reader_trait trait)
{
	struct reader_traits *known = bpf_map_lookup_elem(&containers, &container);
	struct reader_traits first = { .bits = trait };

	if (known && known->bits & trait)
		return;
	if (known)
		first.bits |= known->bits;
	bpf_map_update_elem(&containers, &container, &first, BPF_ANY);
}

/* Looks at an accepted socket that has answered, and remembers it for its container. */
static __always_inline void learn_from_accepted(struct socket_state *state, struct sock *sk)
{
	state->acceptor_unknown = 0;
	if (BPF_CORE_READ(sk, sk_socket, file))
		remember_acceptor(state->container, is_polled(sk) ? TRAIT_ACCEPTS_POLLING : TRAIT_ACCEPTS_BLOCKING);
}

#endif
