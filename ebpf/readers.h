/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Watches how programs read. splice(2) takes bytes from TCP's queue only, so it would miss redirected bytes or overtake them. ioctl(FIONREAD) on a
 * socket in the SOCKHASH counts one of the two queues on most kernels. A container that was seen to do either keeps the trait from then on. There are
 * three ways to see it, and the agent takes the first one that the kernel has:
 *   1. probes of the kernel's own functions, which stay attached;
 *   2. for splice(2), the tracepoint that each read of a TCP socket passes (55 ns measured), which stays attached too;
 *   3. tracepoints of system calls. They slow every system call of the machine (0.1 us measured), so they are attached only now and then. */
#ifndef SIDECAR_ACCELERATION_READERS_H
#define SIDECAR_ACCELERATION_READERS_H

#include "spliced.h"
#include "state.h"

#define IPPROTO_TCP 6
#define FIONREAD 0x541B /* include/uapi/asm-generic/ioctls.h; the same on x86-64 and arm64 */

/* The number of splice(2): arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h */
#define SPLICE_X86 275
#define SPLICE_ARM64 76
#define IORING_OP_SPLICE 30 /* include/uapi/linux/io_uring.h */
#define PF_IO_WORKER 0x10   /* include/linux/sched.h */

/* /sys/kernel/tracing/events/syscalls/sys_enter_splice/format */
struct syscall_entry {
	__u64 common;
	__s64 number;
	__u64 arguments[6];
};

/* The socket behind a file descriptor of the current task; NULL where it is none. */
static __always_inline struct sock *socket_of(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct socket *socket;
	struct file *file, **files;

	if (!table || fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	files = BPF_CORE_READ(table, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), files + fd) || !file)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	/* other kinds of file keep something else in private_data, which does not point back at the file */
	return socket && BPF_CORE_READ(socket, file) == file ? BPF_CORE_READ(socket, sk) : NULL;
}

/* Adds traits, a sum of bits, to the row of a container. */
static __always_inline void note(__u64 container, __u32 traits, struct settings *settings)
{
	struct reader_traits *known = bpf_map_lookup_elem(&containers, &container);
	struct reader_traits first = { .bits = traits };

	if (known && (known->bits & traits) == traits)
		return;
	if (known)
		first.bits |= known->bits;
	bpf_map_update_elem(&containers, &container, &first, BPF_ANY);
	ADD(settings->epoch, 1); /* open connections check their readers again with their next message */
}

/* Notes that the current task reads `sk` in this way. */
static __always_inline int note_reader(struct sock *sk, __u32 trait)
{
	struct settings *settings = current_settings();
	__u32 netns, traits = trait;

	if (trait == TRAIT_ASKS_FIONREAD && fionread_counts_all())
		return 0; /* the answer is right */
	if (!settings || !sk || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	netns = netns_of(sk);
	if (!bpf_map_lookup_elem(&pods, &netns))
		return 0;
	if (trait == TRAIT_SPLICES && runs_our_program(sk) && !list_spliced(BPF_CORE_READ(sk, __sk_common.skc_cookie.counter)))
		traits |= TRAIT_SPLICES_UNLISTED;
	note(container_of_socket(sk), traits, settings);
	return 0;
}

/* The first two arguments of a probed function. */
static __always_inline __u64 argument(const void *registers, int n)
{
	const struct pt_regs___x86 *x86 = registers;
	const struct pt_regs___arm64 *arm64 = registers;

	if (bpf_core_field_exists(x86->di))
		return n ? BPF_CORE_READ(x86, si) : BPF_CORE_READ(x86, di);
	return n ? BPF_CORE_READ(arm64, regs[1]) : BPF_CORE_READ(arm64, regs[0]);
}

static __always_inline int note_ioctl(const void *registers)
{
	return (__u32)argument(registers, 1) == FIONREAD ? note_reader((void *)argument(registers, 0), TRAIT_ASKS_FIONREAD) : 0;
}

/* Whether the task is a thread of io_uring that splices: io_uring leaves splice to such threads (io_uring/splice.c, REQ_F_FORCE_ASYNC). */
static __always_inline bool splices_for_a_ring(struct task_struct *task)
{
	struct io_worker *worker;
	struct io_kiocb *request;

	if (!bpf_core_field_exists(task->worker_private) || !(task->flags & PF_IO_WORKER))
		return false;
	worker = task->worker_private;
	request = (void *)BPF_CORE_READ(worker, cur_work) - bpf_core_field_offset(struct io_kiocb, work);
	return BPF_CORE_READ(request, opcode) == IORING_OP_SPLICE;
}

/* Whether the current task is in the system call splice(2), or splices for io_uring. */
static __always_inline bool is_in_splice(void)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	void *registers = (void *)bpf_task_pt_regs(task);
	const struct pt_regs___x86 *x86 = registers;
	const struct pt_regs___arm64 *arm64 = registers;
	bool in_call = bpf_core_field_exists(x86->orig_ax) ? x86->orig_ax == SPLICE_X86 : arm64->syscallno == SPLICE_ARM64;

	return in_call || splices_for_a_ring(task);
}

#endif
