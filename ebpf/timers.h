/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP's timers of an end that is in the map. What hold.h drops comes again by the sender's retransmission timer, so that
 * timer is short while a connection is joined, and before, while it is learnt: it shrinks with each round trip over TCP
 * (TIMER_SAMPLES, gate.h). Acknowledgements are not delayed for longer than it waits. Both are options of the socket that only
 * programs can set (include/uapi/linux/bpf.h, 5.10); a kernel that refuses keeps its own. */
#ifndef SIDECAR_ACCELERATION_TIMERS_H
#define SIDECAR_ACCELERATION_TIMERS_H

#include "statistics.h"

#define SOL_TCP 6
#define TCP_BPF_DELACK_MAX 1003
#define TCP_BPF_RTO_MIN 1004

/* Two jiffies is the least that the kernel takes: 2 ms at HZ 1000, 8 at 250, 20 at 100. */
#define QUICK_RTO_US 8000
#define QUICK_DELACK_US 4000
#define SLOW_CLOCK_RTO_US 20000
#define SLOW_CLOCK_DELACK_US 8000
/* TCP_RTO_MIN and TCP_DELACK_MAX of include/net/tcp.h: what sockets have that nobody has set. */
#define USUAL_TIMER_US 200000

#define SET_TIMER(socket, option, microseconds) ({						\
	int value = (microseconds);								\
												\
	bpf_setsockopt((socket), SOL_TCP, (option), &value, sizeof(value));			\
})

/* `socket`: the context of a sock_ops program, or the socket that an iterator shows. */
#define QUICKEN_TIMERS(socket, state) ({								\
	if (!(state)->quick_timers) {								\
		if (SET_TIMER(socket, TCP_BPF_RTO_MIN, QUICK_RTO_US))				\
			SET_TIMER(socket, TCP_BPF_RTO_MIN, SLOW_CLOCK_RTO_US);			\
		if (SET_TIMER(socket, TCP_BPF_DELACK_MAX, QUICK_DELACK_US))			\
			SET_TIMER(socket, TCP_BPF_DELACK_MAX, SLOW_CLOCK_DELACK_US);		\
	}											\
	(state)->quick_timers = 1;								\
})

#define RESTORE_TIMERS(socket, state) ({								\
	if ((state)->quick_timers) {								\
		SET_TIMER(socket, TCP_BPF_RTO_MIN, USUAL_TIMER_US);				\
		SET_TIMER(socket, TCP_BPF_DELACK_MAX, USUAL_TIMER_US);				\
	}											\
	(state)->quick_timers = 0;								\
})

#endif
