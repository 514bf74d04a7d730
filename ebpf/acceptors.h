/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a socket is read by polling. A blocking recv() on a socket in the SOCKHASH ends with EAGAIN after a signal, a stop
 * or a send of another thread (net/ipv4/tcp_bpf.c, tcp_bpf_recvmsg()), so such sockets must not be there. A connecting
 * socket shows its file when it opens. An accepting one has none yet: its container is known by the sockets that it
 * accepted before, looked at when they have answered, because programs set O_NONBLOCK after accept() too. */
#ifndef SIDECAR_ACCELERATION_ACCEPTORS_H
#define SIDECAR_ACCELERATION_ACCEPTORS_H

#include "ends.h"

/* False also while the socket has no file: before accept(), and after close(). */
static __always_inline bool is_polled(struct sock *sk)
{
	struct file *file = BPF_CORE_READ(sk, sk_socket, file);

	return file && (BPF_CORE_READ(file, f_flags) & O_NONBLOCK);
}

/* STANDING_NONE where a container polls what it accepts. */
static __always_inline enum standing by_acceptor(__u64 container)
{
	struct habits *habits = bpf_map_lookup_elem(&containers, &container);

	if (!habits || !(habits->bits & (HABIT_ACCEPTS_POLLING | HABIT_ACCEPTS_BLOCKING)))
		return STANDING_LEARNING;
	return habits->bits & HABIT_ACCEPTS_BLOCKING ? STANDING_BLOCKING_READER : STANDING_NONE;
}

static __always_inline void remember_acceptor(__u64 container, enum habit habit)
{
	struct habits *known = bpf_map_lookup_elem(&containers, &container);
	struct habits first = { .bits = habit };

	if (known && known->bits & habit)
		return;
	if (known)
		first.bits |= known->bits;
	bpf_map_update_elem(&containers, &container, &first, BPF_ANY);
}

/* Looks at an accepted socket that has answered, and remembers it for its container. */
static __always_inline void observe_accepted(struct end *end, struct sock *sk)
{
	end->watched = 0;
	if (BPF_CORE_READ(sk, sk_socket, file))
		remember_acceptor(end->container, is_polled(sk) ? HABIT_ACCEPTS_POLLING : HABIT_ACCEPTS_BLOCKING);
}

#endif
