/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the running kernel has that not every kernel has, and how its FIONREAD counts. The agent writes the constants before it loads
 * the object. The verifier then knows their values, and does not look at calls that the kernel lacks. */
#ifndef SIDECAR_ACCELERATION_FEATURES_H
#define SIDECAR_ACCELERATION_FEATURES_H

#include "abi.h"
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile struct kernel_features features = {};

/* Whether FIONREAD may leave redirected bytes out. A reader must then find no more of them than it takes at once. */
static __always_inline bool fionread_omits_redirected(void)
{
	return !(features.fionread & FIONREAD_REDIRECTED);
}

/* Whether FIONREAD counts both queues, so that its answer is right. */
static __always_inline bool fionread_counts_all(void)
{
	return features.fionread == (FIONREAD_TCP | FIONREAD_REDIRECTED);
}

/* Whether a connection has to leave the SOCKHASH before its bytes go over TCP for good, also when acceleration is only switched off.
 * It has to where FIONREAD counts redirected bytes alone, because a reader in the SOCKHASH is then told too little of TCP's bytes. On
 * other kernels the connection stays in the SOCKHASH, and can be switched on again at once. */
static __always_inline bool must_leave_for_tcp(void)
{
	return features.fionread == FIONREAD_REDIRECTED;
}

#endif
