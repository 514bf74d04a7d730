/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs. A connection's story: its two ends meet (sock_ops), its messages are joined or passed (sk_msg),
 * and while acceleration is being switched off somebody looks at what is still unread (iter/sockmap). */
#include "gate.h"
#include <bpf/bpf_tracing.h>

#define TCP_CLOSE BPF_TCP_CLOSE

static __always_inline void on_callback(struct bpf_sock_ops *ops, struct end *end, struct tcp_sock *tp)
{
	if (ops->op == BPF_SOCK_OPS_RTT_CB)
		on_first_answer(ops, end);
	else if (ops->args[1] == TCP_CLOSE)
		on_close(end, tp);
}

/* Attached to the cgroup of this node's pods. Returns 1 whatever happens: the reply stays another program's. */
SEC("sockops")
int on_sock_ops(struct bpf_sock_ops *ops)
{
	struct settings *settings = current_settings();
	struct bpf_sock *sk = ops->sk;
	__u32 op = ops->op;
	struct tcp_sock *tp;
	struct end *end;

	if (op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB &&
	    op != BPF_SOCK_OPS_RTT_CB && op != BPF_SOCK_OPS_STATE_CB)
		return 1;
	if (!settings || !sk)
		return 1;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 1;
	if (op == BPF_SOCK_OPS_RTT_CB || op == BPF_SOCK_OPS_STATE_CB) {
		end = bpf_sk_storage_get(&ends, sk, NULL, 0);
		if (end)
			on_callback(ops, end, tp);
		return 1;
	}
	if (settings->mode == MODE_OFF)
		return 1;
	if (op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		on_active_established(ops, sk, tp, settings);
	else
		on_passive_established(ops, sk, tp, settings);
	return 1;
}

/* Runs for every message of a socket in the SOCKHASH, under that socket's lock (net/ipv4/tcp_bpf.c). */
SEC("sk_msg")
int on_message(struct sk_msg_md *msg)
{
	struct settings *settings = current_settings();
	struct bpf_sock *sk = msg->sk;
	struct tcp_sock *tp;
	struct end *end;
	enum gate gate;

	if (!settings || !sk)
		return SK_PASS;
	end = bpf_sk_storage_get(&ends, sk, NULL, 0);
	if (!end)
		return SK_PASS;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return SK_PASS;
	gate = consider(end, tp, msg->size, settings);
	/* a key that has left the map answers SK_DROP, which the sender would see as EACCES */
	if (gate == GATE_OPEN && bpf_msg_redirect_hash(msg, &sockets, &end->peer_cookie, BPF_F_INGRESS) != SK_PASS)
		gate = GATE_PEER_GONE;
	if (gate == GATE_OPEN)
		end->backlog += msg->size;
	settle_by(end, gate, settings);
	count_message(end, gate, msg->size);
	return SK_PASS;
}

/* Writes the network namespace of each socket with redirected bytes that its program has not read yet. */
SEC("iter/sockmap")
int undrained_sockets(struct bpf_iter__sockmap *ctx)
{
	struct sock *sk = ctx->sk;
	__u32 netns;

	if (!sk || fast_queue_empty(sk))
		return 0;
	netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	bpf_seq_write(ctx->meta->seq, &netns, sizeof(netns));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
