/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Answers the agent's questions about sockets of the SOCKHASH, by BPF_PROG_TEST_RUN: are redirected bytes unread, and must the socket leave the
 * SOCKHASH before the agent unpins it? The input is a packet of socket cookies, in which the answers replace the cookies (enum check, abi.h). */
#ifndef SIDECAR_ACCELERATION_CHECK_H
#define SIDECAR_ACCELERATION_CHECK_H

#include "lease.h"

/* Whether a socket in the SOCKHASH has to leave when nothing is redirected any more: where it must leave before bytes go over TCP, and its peer may
 * still send some. A peer that has sent its FIN sends none, and may be gone. */
static __always_inline bool has_to_leave(struct sock *sk)
{
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);

	return must_leave_for_tcp() && (state == BPF_TCP_ESTABLISHED || state == BPF_TCP_FIN_WAIT1 || state == BPF_TCP_FIN_WAIT2);
}

static __always_inline enum finding finding_of(struct sock *sk)
{
	if (!is_psock_queue_empty(sk))
		return FINDING_UNREAD;
	return has_to_leave(sk) ? FINDING_LEAVING : 0;
}

/* Not inlined, so that the layout of its argument is in the BTF. */
static __noinline int write_check(struct __sk_buff *packet, enum check place, const struct socket_check *check)
{
	return bpf_skb_store_bytes(packet, CHECK_FIRST + place * sizeof(*check), check, sizeof(*check), 0);
}

/* Checks the socket of one place, and pays its debt where nothing is unread. False behind the last cookie. A global function, so that the verifier
 * looks at it once: old verifiers find no end if they look at it with each turn of the loop (openEuler's 5.10). */
__noinline int check_place(struct __sk_buff *packet, enum check place)
{
	struct socket_check check = {};
	struct bpf_sock *sk;
	struct sock *found;
	__u64 cookie;

	if (bpf_skb_load_bytes(packet, CHECK_FIRST + place * sizeof(check), &cookie, sizeof(cookie)) || !cookie)
		return false;
	sk = bpf_map_lookup_elem(&sockets, &cookie);
	if (!sk) {
		pay_debt(cookie);
		return true;
	}
	found = (struct sock *)bpf_skc_to_tcp_sock(sk);
	if (found) {
		check.finding = finding_of(found);
		check.netns = netns_of(found);
	}
	if (found && is_psock_queue_empty(found))
		pay_debt(cookie);
	bpf_sk_release(sk);
	write_check(packet, place, &check);
	return true;
}

#endif
