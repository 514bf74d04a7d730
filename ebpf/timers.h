/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shortens TCP's timers of a joined end. The sender's retransmission timer brings again what hold.h drops, so that timer is short while a
 * connection is joined, and before while it is learnt: the timer shrinks with each round trip over TCP (TIMER_SAMPLES). Acknowledgements are
 * not delayed for longer than that timer waits. Only programs can set these two socket options (include/uapi/linux/bpf.h, 5.10). A kernel that
 * refuses them keeps its own timers. */
#ifndef SIDECAR_ACCELERATION_TIMERS_H
#define SIDECAR_ACCELERATION_TIMERS_H

#include "maps.h"

#define SOL_TCP 6
#define TCP_BPF_DELACK_MAX 1003
#define TCP_BPF_RTO_MIN 1004

/* The kernel takes no less than two jiffies: 2 ms at HZ 1000, 8 ms at 250, 20 ms at 100. */
#define QUICK_RTO_US 8000
#define QUICK_DELACK_US 4000
#define SLOW_CLOCK_RTO_US 20000
#define SLOW_CLOCK_DELACK_US 8000
/* TCP_RTO_MIN and TCP_DELACK_MAX of include/net/tcp.h: the timers of a socket without these options. */
#define USUAL_TIMER_US 200000
/* TCP's retransmission timer begins with a variance of 200 ms, and each round trip over TCP takes a quarter of it away
 * (net/ipv4/tcp_input.c, tcp_rtt_estimator()). After so many messages over TCP the timer is nearly as short as these options let it be: 10 ms. */
#define TIMER_SAMPLES 16

#define SET_TIMER(socket, option, microseconds)                                     \
	({                                                                          \
		int value = (microseconds);                                         \
                                                                                    \
		bpf_setsockopt((socket), SOL_TCP, (option), &value, sizeof(value)); \
	})

/* `socket`: the context of a sock_ops program, or the socket that an iterator shows. */
#define QUICKEN_TIMERS(socket, state)                                                        \
	({                                                                                   \
		if (!(state)->quick_timers) {                                                \
			if (SET_TIMER(socket, TCP_BPF_RTO_MIN, QUICK_RTO_US))                \
				SET_TIMER(socket, TCP_BPF_RTO_MIN, SLOW_CLOCK_RTO_US);       \
			if (SET_TIMER(socket, TCP_BPF_DELACK_MAX, QUICK_DELACK_US))          \
				SET_TIMER(socket, TCP_BPF_DELACK_MAX, SLOW_CLOCK_DELACK_US); \
		}                                                                            \
		(state)->quick_timers = 1;                                                   \
	})

#define RESTORE_TIMERS(socket, state)                                          \
	({                                                                     \
		if ((state)->quick_timers) {                                   \
			SET_TIMER(socket, TCP_BPF_RTO_MIN, USUAL_TIMER_US);    \
			SET_TIMER(socket, TCP_BPF_DELACK_MAX, USUAL_TIMER_US); \
		}                                                              \
		(state)->quick_timers = 0;                                     \
	})

#endif
