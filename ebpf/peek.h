/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads kernel objects through bare addresses. An address may be stale; the read then yields garbage and does not fault.
 *
 * Where the kernel has bpf_rdonly_cast() (kernel/bpf/helpers.c, 6.2), a read is one load, and the kernel's exception table turns a fault
 * into 0. On older kernels a read is a call of bpf_probe_read_kernel(), which costs ten times as much. The agent looks for the function in
 * the BTF of the running kernel, and turns calls of the number below into calls of that function. */
#ifndef SIDECAR_ACCELERATION_PEEK_H
#define SIDECAR_ACCELERATION_PEEK_H

#include "kernel.h"
#include "features.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define READONLY_CAST_FUNCTION 0x5ca1ca57

static void *(*bpf_rdonly_cast)(const void *object, __u32 type) = (void *)READONLY_CAST_FUNCTION;

/* `address` as a pointer that PEEK() can read through. */
#define PEEKABLE(type, address)                                                                                   \
	({                                                                                                        \
		void *plain = (void *)(address);                                                                  \
		(type *)(features.readonly_cast ? bpf_rdonly_cast(plain, bpf_core_type_id_kernel(type)) : plain); \
	})

/* One member of the object behind a pointer from PEEKABLE(). */
#define PEEK(pointer, member)                                                    \
	({                                                                       \
		typeof(pointer) at = (pointer);                                  \
		features.readonly_cast ? at->member : BPF_CORE_READ(at, member); \
	})

#define PEEK_BITS(pointer, member)                                                                                       \
	({                                                                                                               \
		typeof(pointer) at = (pointer);                                                                          \
		features.readonly_cast ? BPF_CORE_READ_BITFIELD(at, member) : BPF_CORE_READ_BITFIELD_PROBED(at, member); \
	})

/* Copies memory that no type of the kernel describes, such as the storage of a socket. `words`: an even constant. False, or zeros, for an address
 * that cannot be read. */
static __always_inline bool peek_words(__u64 *into, __u64 address, __u32 words)
{
	struct timespec64 *two;

	if (!features.readonly_cast)
		return !bpf_probe_read_kernel(into, words * sizeof(*into), (void *)address);
#pragma unroll
	for (__u32 word = 0; word < words; word += 2) {
		two = PEEKABLE(struct timespec64, address + word * sizeof(*into));
		into[word] = two->tv_sec;
		into[word + 1] = two->tv_nsec;
	}
	return true;
}

/* A bit of skc_flags, whose numbers differ between kernels. */
#define FLAG(flags, name) (((flags) >> bpf_core_enum_value(enum sock_flags, name)) & 1)

/* As PEEK(), for a socket that may be the program's own: every kernel lets a program read the members of its own socket by a load. `own` is
 * a constant. */
#define PEEK_UNLESS_OWN(pointer, member, own) ((own) ? (pointer)->member : PEEK(pointer, member))
#define PEEK_BITS_UNLESS_OWN(pointer, member, own) ((own) ? BPF_CORE_READ_BITFIELD(pointer, member) : PEEK_BITS(pointer, member))

#endif
