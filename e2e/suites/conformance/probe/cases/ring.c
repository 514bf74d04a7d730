// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* io_uring by its system calls (include/uapi/linux/io_uring.h), for one request at a time. */
#define _GNU_SOURCE
#include "../probe.h"
#include "ring.h"
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 8

static int ring = -1;
static struct io_uring_params params;
static unsigned char *submissions, *completions;
static struct io_uring_sqe *requests;

static uint32_t *word(unsigned char *area, uint32_t offset)
{
	return (uint32_t *)(area + offset);
}

void ring_open(void)
{
	size_t in, out;

	if (ring >= 0)
		return;
	ring = syscall(SYS_io_uring_setup, ENTRIES, &params);
	if (ring < 0)
		unsupported("io_uring: %s", strerrorname_np(errno));
	in = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
	out = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	submissions = mmap(NULL, in, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	completions = mmap(NULL, out, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	requests = mmap(NULL, ENTRIES * sizeof(*requests), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (submissions == MAP_FAILED || completions == MAP_FAILED || requests == MAP_FAILED)
		give_up("map io_uring: %s", strerrorname_np(errno));
}

struct io_uring_sqe *ring_request(void)
{
	uint32_t slot = *word(submissions, params.sq_off.tail) & (ENTRIES - 1);

	memset(&requests[slot], 0, sizeof(*requests));
	word(submissions, params.sq_off.array)[slot] = slot;
	return &requests[slot];
}

void ring_submit(void)
{
	__atomic_fetch_add(word(submissions, params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1)
		give_up("submit: %s", strerrorname_np(errno));
}

bool ring_idle(int ms)
{
	return !wait_for(ring, POLLIN, ms);
}

int ring_wait_with(uint32_t *flags)
{
	uint32_t head = *word(completions, params.cq_off.head);
	struct io_uring_cqe *all = (void *)(completions + params.cq_off.cqes);
	int result;

	if (!wait_for(ring, POLLIN, PATIENCE_MS))
		give_up("no completion");
	result = all[head & (params.cq_entries - 1)].res;
	*flags = all[head & (params.cq_entries - 1)].flags;
	__atomic_store_n(word(completions, params.cq_off.head), head + 1, __ATOMIC_RELEASE);
	return result;
}

int ring_wait(void)
{
	uint32_t flags;

	return ring_wait_with(&flags);
}
