/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tries how the running kernel redirects: two sockets of the agent's own, and every message redirected to one of them. The agent
 * (operator/agent/datapath/trial.ts) opens and closes them; no other socket is ever in this map. The program uses nothing that a kernel with a
 * SOCKHASH could lack. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum trial_end {
	TRIAL_RECEIVER,
	TRIAL_SENDER,
};

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 2);
	__type(key, enum trial_end);
	__type(value, __u32); /* written as a file descriptor */
} trial_sockets SEC(".maps");

SEC("sk_msg")
int redirect_all(struct sk_msg_md *msg)
{
	enum trial_end to = TRIAL_RECEIVER;

	return bpf_msg_redirect_hash(msg, &trial_sockets, &to, BPF_F_INGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
