/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a socket that opens will be polled. A blocking recv() on a socket in the SOCKHASH ends with EAGAIN after a signal, a stop or a send
 * of another thread (net/ipv4/tcp_bpf.c, tcp_bpf_recvmsg()), so such sockets must not be there. A connecting socket has a file when it opens.
 * An accepting socket has none yet. It is judged by the sockets that its container accepted before: each is looked at when it has sent its
 * first answer, because some programs set O_NONBLOCK after accept(). */
#ifndef SIDECAR_ACCELERATION_ACCEPTORS_H
#define SIDECAR_ACCELERATION_ACCEPTORS_H

#include "safe_reader.h"

/* REASON_NONE for a container that polls what it accepts. */
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

/* Remembers for its container whether an accepted socket is polled. Called when the socket has sent its first answer. */
static __always_inline void learn_from_accepted(struct socket_state *state, struct sock *sk)
{
	state->acceptor_unknown = 0;
	if (BPF_CORE_READ(sk, sk_socket, file))
		remember_acceptor(state->container, is_polled(sk) ? TRAIT_ACCEPTS_POLLING : TRAIT_ACCEPTS_BLOCKING);
}

/* REASON_NONE for a socket that will be polled, or why it stays on TCP. A socket that blocks while it connects may be polled later; a scan
 * sees that. */
static __always_inline enum reason reason_by_polling(const struct socket_state *state, struct tcp_sock *tp, const struct settings *settings)
{
	if (state->accepting)
		return reason_by_acceptor(state->container);
	if (is_polled((struct sock *)tp))
		return REASON_NONE;
	return settings->learns ? REASON_LEARNING : REASON_BLOCKING_READER;
}

#endif
