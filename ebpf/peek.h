/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading kernel objects through bare addresses, which may be stale: garbage is read then, and nothing faults.
 *
 * Where the kernel has bpf_rdonly_cast() (kernel/bpf/helpers.c, 6.2) a read is one load whose fault the kernel's
 * exception table answers with 0; before, it is a call of bpf_probe_read_kernel(), ten times as dear. The agent looks
 * for the function in the running kernel's BTF, and makes calls of it out of those of the number below. */
#ifndef SIDECAR_ACCELERATION_PEEK_H
#define SIDECAR_ACCELERATION_PEEK_H

#include "kernel.h"
#include "features.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define READONLY_CAST_FUNCTION 0x5ca1ca57

static void *(*bpf_rdonly_cast)(const void *object, __u32 type) = (void *)READONLY_CAST_FUNCTION;

/* `address` as a pointer that PEEK() reads through. */
#define PEEKABLE(type, address)                                                                                        \
	({                                                                                                             \
		void *plain = (void *)(address);                                                                       \
		(type *)(features.readonly_cast ? bpf_rdonly_cast(plain, bpf_core_type_id_kernel(type)) : plain);           \
	})

/* One member of what a pointer from PEEKABLE() points to. */
#define PEEK(pointer, member)                                                                                          \
	({                                                                                                             \
		typeof(pointer) at = (pointer);                                                                        \
		features.readonly_cast ? at->member : BPF_CORE_READ(at, member);                                         \
	})

#define PEEK_BITS(pointer, member)                                                                                     \
	({                                                                                                             \
		typeof(pointer) at = (pointer);                                                                        \
		features.readonly_cast ? BPF_CORE_READ_BITFIELD(at, member) : BPF_CORE_READ_BITFIELD_PROBED(at, member);    \
	})

/* The same of a socket that may be the program's own, whose members no kernel wants a call for. `own`: a constant. */
#define PEEK_UNLESS_OWN(pointer, member, own) ((own) ? (pointer)->member : PEEK(pointer, member))
#define PEEK_BITS_UNLESS_OWN(pointer, member, own)                                                                             \
	((own) ? BPF_CORE_READ_BITFIELD(pointer, member) : PEEK_BITS(pointer, member))

#endif
