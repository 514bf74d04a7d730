/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the running kernel has of the things that not every kernel has. The agent writes it before loading; the
 * verifier then takes it for constant, and never reaches calls of what is not there. */
#ifndef SIDECAR_ACCELERATION_FEATURES_H
#define SIDECAR_ACCELERATION_FEATURES_H

#include "abi.h"

const volatile struct kernel_features features = {};

#endif
