/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* As much of io_uring as one reader needs, by its system calls: one request and one completion at a time. */
#ifndef SIDECAR_ACCELERATION_RING_H
#define SIDECAR_ACCELERATION_RING_H

#include <linux/io_uring.h>

void ring_open(void); /* ends the case as unsupported where the kernel has no io_uring or does not allow it */
/* Returns a request. The caller fills in the opcode and the other members, and submits it by ring_submit(). */
struct io_uring_sqe *ring_request(void);
void ring_submit(void);
int ring_wait(void);		     /* result of the next completion, as the kernel gives it: negative errno */
int ring_wait_with(uint32_t *flags); /* the same, with its flags (IORING_CQE_F_*) */
bool ring_idle(int ms);		     /* nothing completes within this time */

#endif
