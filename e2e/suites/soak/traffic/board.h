/* SPDX-License-Identifier: Apache-2.0 */
/* The board: what all traffic processes show each other in one shared file. It has the time at which each end of a connection last
 * moved a byte, and whether the end's program still has something to do. So a connection that stands still is told from one that waits
 * for a program, a nap or a processor. It also counts the readers that sleep with redirected bytes unread, at which disturbances are aimed. */
#ifndef SOAK_BOARD_H
#define SOAK_BOARD_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MOST_PROCESSES 4096
/* At least as many as there are connections at the same time; slots are used in turn. */
#define MOST_SLOTS (1 << 20)

/* A connection end. `busy`: its program has something to do, or sleeps on purpose. */
struct side {
	uint64_t moved_ns;
	uint32_t process, busy;
};

struct slot {
	struct side sides[2]; /* of the server, of the client */
	uint64_t told;	      /* whether one of the ends has counted the standstill */
};

/* e2e/suites/soak/board.ts writes the first word and reads the second. */
struct board {
	uint64_t hold;	 /* while set, readers that sleep with redirected bytes unread go on sleeping */
	uint64_t asleep; /* how many such readers there are */
	uint64_t processes, slots;
	/* For each process: when it last had handled all events. */
	uint64_t polled_ns[MOST_PROCESSES];
	struct slot slot[MOST_SLOTS];
};

static struct board *board;
static uint32_t own_process;

#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_SEQ_CST)
#define STORE(word, value) __atomic_store_n(&(word), value, __ATOMIC_SEQ_CST)
#define ADD(word, value) __atomic_fetch_add(&(word), value, __ATOMIC_SEQ_CST)

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Maps the file, which exists and is empty at first; words that were never written read as zero. */
static bool open_board(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || ftruncate(fd, sizeof(*board)))
		return false;
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (board == MAP_FAILED)
		return false;
	own_process = 1 + ADD(board->processes, 1) % (MOST_PROCESSES - 1);
	return true;
}

/* A slot for a new connection; no connection has slot 0. */
static uint32_t take_slot(void)
{
	uint32_t slot = 1 + ADD(board->slots, 1) % (MOST_SLOTS - 1);

	board->slot[slot] = (struct slot){};
	return slot;
}

static void show_moved(uint32_t slot, bool client)
{
	STORE(board->slot[slot].sides[client].moved_ns, clock_ns());
}

static void show_busy(uint32_t slot, bool client, bool busy)
{
	STORE(board->slot[slot].sides[client].busy, busy);
}

static void join_slot(uint32_t slot, bool client)
{
	show_busy(slot, client, true);
	show_moved(slot, client);
	STORE(board->slot[slot].sides[client].process, own_process);
}

/* For how long nothing has moved at either end although both programs had handled all events; 0 when a program is busy. */
static uint64_t standstill_ms(uint32_t slot)
{
	uint64_t moved = 0, seen = UINT64_MAX;

	for (int side = 0; side < 2; side++) {
		struct side *end = &board->slot[slot].sides[side];
		uint32_t process = LOAD(end->process);
		uint64_t polled = LOAD(board->polled_ns[process]), at;

		if (!process || LOAD(end->busy))
			return 0;
		at = LOAD(end->moved_ns);
		moved = at > moved ? at : moved;
		seen = polled < seen ? polled : seen;
	}
	return seen > moved ? (seen - moved) / 1000000 : 0;
}

#endif
