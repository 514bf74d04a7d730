/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The psock of a socket in a SOCKHASH: its queue of redirected messages (sk_psock.ingress_msg), and the program it runs. A reader takes
 * what is in this queue before what is in TCP's queue (net/ipv4/tcp_bpf.c, tcp_bpf_recvmsg()). */
#ifndef SIDECAR_ACCELERATION_PSOCK_H
#define SIDECAR_ACCELERATION_PSOCK_H

#include "peek.h"

/* include/linux/skmsg.h keeps flags in the low bits of sk_user_data (one bit in 5.10, three since 5.19). */
#define USER_DATA_FLAGS 7UL
/* The most messages that may lie unread at a socket. Their slab memory is then about what TCP takes for a stalled reader of small
 * messages (docs/bounds.md). */
#define MOST_UNREAD 96
/* The answer of count_unread() where it lost its way. */
#define UNKNOWN (~0ULL)

/* The address of the psock of the socket at `address`; 0 where it has none. */
static __always_inline __u64 psock_of(__u64 address)
{
	return (__u64)PEEK(PEEKABLE(struct sock, address), sk_user_data) & ~USER_DATA_FLAGS;
}

/* True also for a socket without a psock. */
static __always_inline bool is_psock_queue_empty(struct sock *sk)
{
	__u64 address = psock_of((__u64)sk);
	__u64 head = address + bpf_core_field_offset(struct sk_psock, ingress_msg);

	if (!address)
		return true;
	return (__u64)PEEK(PEEKABLE(struct sk_psock, address), ingress_msg.next) == head;
}

/* Counts the messages in the psock queue of the socket at `address`: the upper half of the result is their number, the lower half their
 * bytes. The reader may take messages meanwhile, and where the walk then leaves the list the result is UNKNOWN. A global function, so that
 * the verifier looks at it once. */
__noinline __u64 count_unread(__u64 address)
{
	__u64 psock = psock_of(address);
	__u64 head = psock + bpf_core_field_offset(struct sk_psock, ingress_msg), at, messages = 0, bytes = 0;
	struct sk_msg *message;

	if (!psock)
		return 0;
	at = (__u64)PEEK(PEEKABLE(struct sk_psock, psock), ingress_msg.next);
	for (int n = 0; n <= MOST_UNREAD; n++) {
		if (at == head)
			return messages << 32 | bytes;
		if (!at)
			break;
		message = PEEKABLE(struct sk_msg, at - bpf_core_field_offset(struct sk_msg, list));
		bytes += PEEK(message, sg.size);
		messages++;
		at = (__u64)PEEK(message, list.next);
	}
	return UNKNOWN;
}

/* Whether the socket is in a SOCKHASH of this product, of any version. Sockets in a SOCKHASH of another product are left alone. */
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
	/* the first eight bytes of the name of the sk_msg program, which no version may change */
	return *(__u64 *)name == *(const __u64 *)"on_messa";
}

#endif
