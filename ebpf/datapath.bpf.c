/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs, as a table of contents. The two ends of a connection pair when it opens (sock_ops), or are adopted while it is open (iter/tcp).
 * Each of its messages is redirected or goes over TCP (sk_msg). Segments that arrive over TCP while redirected bytes are unread may be held back
 * (cgroup_skb). While acceleration is switched off, user space checks which sockets still have unread bytes (tc, which is never attached). Probes
 * of kernel functions, or tracepoints, show how programs read. */
#include "check.h"
#include "closing.h"
#include "departure.h"
#include "describe.h"
#include "gate.h"
#include "hold.h"
#include "opening.h"
#include "readers.h"
#include "scan.h"

static __always_inline void on_established(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp)
{
	struct settings *settings = current_settings();
	__u32 netns = own_netns(tp);
	struct pod *pod = bpf_map_lookup_elem(&pods, &netns);

	if (!settings || !pod || settings->mode == MODE_OFF)
		return;
	if (ops->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		on_active_established(ops, sk, tp, pod, settings);
	else
		on_passive_established(ops, sk, tp, pod, settings);
}

/* A callback that the datapath has asked for. */
static __always_inline void on_callback(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp)
{
	struct socket_state *state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);

	if (ops->op == BPF_SOCK_OPS_STATE_CB) {
		if (state && state->reason != REASON_NONE) {
			close_socket(ops, sk, state, tp);
		} else {
			on_sampled_close(ops, tp);
		}
	} else if (ops->op == BPF_SOCK_OPS_HDR_OPT_LEN_CB) {
		/* a short timer would make TCP give an orphan up soon */
		if (state && is_orphan((struct sock *)tp))
			RESTORE_TIMERS(ops, state);
		/* A segment is about to be sent. If nothing is under way, the connection is out of the SOCKHASH before the segment arrives. */
		if (state && state->shown.leaving)
			on_tcp_data(ops, state, tp);
	} else if (state && take_pairing_result(state)) {
		on_tcp_data(ops, state, tp);
	} else if (state && ops->op == BPF_SOCK_OPS_RTT_CB) {
		if (state->reason == REASON_PAIRING)
			on_first_answer(ops, state, tp);
		else if (state->acceptor_unknown)
			on_first_own_answer(ops, state, tp);
	}
}

/* Attached to the cgroup of this node's pods. Runs a dozen times in the life of a connection, mostly with nothing to do. Always returns 1, so that
 * the reply of another program stays as it is. */
SEC("sockops")
int on_sock_ops(struct bpf_sock_ops *ops)
{
	__u32 op = ops->op;
	struct tcp_sock *tp;
	struct bpf_sock *sk;

	if (op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB && op != BPF_SOCK_OPS_RTT_CB &&
	    op != BPF_SOCK_OPS_RETRANS_CB && op != BPF_SOCK_OPS_HDR_OPT_LEN_CB && op != BPF_SOCK_OPS_STATE_CB)
		return 1;
	if (op == BPF_SOCK_OPS_STATE_CB && ops->args[1] != BPF_TCP_CLOSE)
		return 1;
	sk = ops->sk;
	if (!sk)
		return 1;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 1;
	if (op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB || op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		on_established(ops, sk, tp);
	else
		on_callback(ops, sk, tp);
	return 1;
}

/* Runs for every message of a socket in the SOCKHASH, under that socket's lock (net/ipv4/tcp_bpf.c). */
SEC("sk_msg")
int on_message(struct sk_msg_md *msg)
{
	struct settings *settings = current_settings();
	struct bpf_sock *sk = msg->sk;
	struct tcp_sock *tp;
	struct socket_state *state;
	enum gate gate;

	if (!settings || !sk)
		return SK_PASS;
	state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
	if (!state)
		return SK_PASS;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return SK_PASS;
	gate = choose_gate(state, tp, msg->size, settings);
	/* the helper answers SK_DROP for a key that has left the map, and the sender would see that as EACCES */
	if (gate == GATE_OPEN && bpf_msg_redirect_hash(msg, &sockets, &state->peer.cookie, BPF_F_INGRESS) != SK_PASS)
		gate = GATE_PEER_GONE;
	if (gate == GATE_OPEN) {
		state->backlog += msg->size;
		state->backlog_messages++;
		state->drained = 0;
		note_redirect(state);
	}
	set_reason_by_gate(state, gate, settings);
	count_message(state, gate, msg->size);
	return SK_PASS;
}

/* Attached to the same cgroup. Runs for every segment that arrives for a socket of its pods, before TCP sees the segment. */
SEC("cgroup_skb/ingress")
int on_segment(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct tcp_sock *tp;

	/* most sockets are in no SOCKHASH and have nothing here: they pay for no more than this */
	if (!sk || (features.readonly_cast && !PEEK(PEEKABLE(struct sock, sk), sk_user_data)))
		return 1;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp || !tp->inet_conn.icsk_inet.sk.sk_user_data)
		return 1;
	return hold(skb, sk, tp) ? 0 : 1;
}

/* Tells the agent which sockets of the SOCKHASH have unread redirected bytes, and which must leave the SOCKHASH before the agent unpins it. The
 * program is never attached. The agent runs it with the cookies of the SOCKHASH as input (BPF_PROG_TEST_RUN), because hardened kernels refuse
 * iter/sockmap. */
SEC("tc")
int check_sockets(struct __sk_buff *packet)
{
	for (__u32 place = 0; place < CHECK_PLACES; place++)
		if (!check_place(packet, place))
			break;
	return 0;
}

/* Scans the connections of one network namespace: that of the thread that opens the iterator. */
SEC("iter/tcp")
int scan_connections(struct bpf_iter__tcp *ctx)
{
	struct settings *settings = current_settings();
	struct sock_common *skc = ctx->sk_common;
	enum finding finding;
	struct tcp_sock *tp;
	struct pod *pod;
	__u32 netns;

	if (!settings || !skc || skc->skc_state == BPF_TCP_LISTEN)
		return 0;
	tp = bpf_skc_to_tcp_sock(skc);
	if (!tp)
		return 0;
	netns = netns_of((struct sock *)tp);
	pod = bpf_map_lookup_elem(&pods, &netns);
	if (!pod)
		return scan_deselected(tp);
	finding = scan(tp, (struct sock *)tp, pod, settings);
	if (!finding)
		return 0;
	return write_finding(ctx->meta, finding, (struct sock *)tp, finding == FINDING_UNKNOWN_READER ? read_at_once(tp) : 0);
}

/* Describes the connections of one network namespace, in every mode. */
SEC("iter/tcp")
int describe_connections(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct tcp_sock *tp;

	if (!skc || skc->skc_state != BPF_TCP_ESTABLISHED)
		return 0;
	tp = bpf_skc_to_tcp_sock(skc);
	if (tp)
		describe(ctx->meta, tp, (struct sock *)tp);
	return 0;
}

/* Probes of kernel functions, where the kernel has them. Only the callers of these functions pay for them. */
SEC("kprobe/tcp_splice_read")
int on_tcp_splice_read(void *registers)
{
	struct socket *socket = (void *)argument(registers, 0);

	return note_reader(BPF_CORE_READ(socket, sk), TRAIT_SPLICES);
}

SEC("kprobe/tcp_ioctl")
int on_tcp_ioctl(void *registers)
{
	return note_ioctl(registers);
}

SEC("kprobe/tcp_bpf_ioctl")
int on_tcp_bpf_ioctl(void *registers)
{
	return note_ioctl(registers);
}

/* Every read of a TCP socket passes this tracepoint, also a splice(2) and also a read that finds nothing (tcp_read_sock(), net/ipv4/tcp.c). */
SEC("raw_tracepoint/tcp_rcv_space_adjust")
int on_tcp_read(struct bpf_raw_tracepoint_args *of)
{
	return is_in_splice() ? note_reader((void *)of->args[0], TRAIT_SPLICES) : 0;
}

SEC("tracepoint/syscalls/sys_enter_splice")
int on_splice(struct syscall_entry *entry)
{
	return note_reader(socket_of(entry->arguments[0]), TRAIT_SPLICES);
}

SEC("tracepoint/syscalls/sys_enter_ioctl")
int on_ioctl(struct syscall_entry *entry)
{
	return (__u32)entry->arguments[1] == FIONREAD ? note_reader(socket_of(entry->arguments[0]), TRAIT_ASKS_FIONREAD) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
