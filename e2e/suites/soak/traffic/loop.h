/* SPDX-License-Identifier: Apache-2.0 */
/* Serves all ends of a process on one epoll, some level-triggered and some edge-triggered, each a little at a time. */
#ifndef SOAK_LOOP_H
#define SOAK_LOOP_H

#include "transfer.h"
#include <stdlib.h>
#include <sys/epoll.h>

/* A connection end counts as hung when none of its bytes moves for this long. The time is long because on a busy machine the process of the other
 * end may have to wait for a processor. */
#define PATIENCE_MS 90000
/* When no byte of a connection moves for this long and both programs wait for events, the kernel is the cause. The program reports this while the
 * connection is still open. */
#define STALLED_MS 1000
/* How much one connection end may send and receive before the loop serves others. The limit of bytes keeps ends with large pieces from holding up
 * ends with tiny ones. */
#define OPERATIONS_AT_ONCE 128
#define BYTES_AT_ONCE (128 << 10)

static int poller;
static struct end *open_ends, *ready_ends;
static void (*on_over)(bool client, enum outcome outcome);

/* now_ms() is a clock that counts a round of this process as LONGEST_ROUND_MS at most: while the machine gives the process no time,
 * nothing moves, but no connection hangs. */
#define LONGEST_ROUND_MS 100

static uint64_t attended_ms;

static void begin_round(void)
{
	static uint64_t last_ms;
	uint64_t real_ms = clock_ns() / 1000000;

	attended_ms += real_ms - last_ms < LONGEST_ROUND_MS ? real_ms - last_ms : LONGEST_ROUND_MS;
	last_ms = real_ms;
}

static uint64_t now_ms(void)
{
	return attended_ms;
}

static bool napping(const struct end *end)
{
	return end->nap_until_ms != 0;
}

static void make_ready(struct end *end)
{
	if (end->in_ready)
		return;
	end->in_ready = true;
	show_busy(end->slot, end->client, true);
	end->next_ready = ready_ends;
	ready_ends = end;
}

/* Sets the events of an end: on level-triggered epoll only those that it can use now, on edge-triggered epoll all, once. */
static void watch(struct end *end, int operation)
{
	struct epoll_event event = { .data.ptr = end };

	if (end->manners.edge_triggered)
		event.events = EPOLLIN | EPOLLOUT | (end->manners.trust == TRUST_SHORT ? 0 : EPOLLRDHUP) | EPOLLET;
	else
		event.events = (napping(end) || end->eof ? 0 : EPOLLIN) | (wants_to_write(end) && !end->writable ? EPOLLOUT : 0);
	if (operation == EPOLL_CTL_MOD && event.events == end->interest)
		return;
	end->interest = event.events;
	epoll_ctl(poller, operation, end->fd, &event);
}

static struct end *open_end(int fd, bool client)
{
	struct end *end = calloc(1, sizeof(*end));

	end->fd = fd;
	end->client = client;
	end->moved_ms = now_ms();
	end->next_open = open_ends;
	end->link_open = &open_ends;
	if (open_ends)
		open_ends->link_open = &end->next_open;
	open_ends = end;
	tally.opened++;
	tally.open++;
	return end;
}

/* Closes an end, which must not be in the ready list. */
static void close_end(struct end *end, enum outcome outcome)
{
	bool client = end->client;

	if (outcome == OUTCOME_FINISHED)
		tally.finished++;
	else if (end->cuttable)
		tally.cut++;
	else
		tally.failed++;
	tally.open--;
	wake(end);
	close(end->fd);
	show_busy(end->slot, end->client, false);
	*end->link_open = end->next_open;
	if (end->next_open)
		end->next_open->link_open = end->link_open;
	free(end);
	on_over(client, outcome);
}

static void set_no_delay(const struct end *end)
{
	int one = 1;

	if (end->manners.no_delay)
		setsockopt(end->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* Sends the greeting, which is the client's first message; the server reads it apart from the stream. */
static enum outcome write_greeting(struct end *end)
{
	ssize_t put =
		send(end->fd, (char *)&end->greeting + end->greeting_bytes, sizeof(end->greeting) - end->greeting_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (put < 0) {
		end->writable = errno != EAGAIN && end->writable;
		return failed(end, "connecting and greeting");
	}
	end->greeting_bytes += put;
	end->greeted = end->greeting_bytes == sizeof(end->greeting);
	if (!end->greeted)
		return OUTCOME_GOING_ON;
	if (end->manners.blocking_file)
		fcntl(end->fd, F_SETFL, fcntl(end->fd, F_GETFL) & ~O_NONBLOCK);
	release_rounds(end);
	join_slot(end->slot, true);
	return OUTCOME_GOING_ON;
}

static enum outcome read_greeting(struct end *end, uint32_t place)
{
	ssize_t got = recv(end->fd, (char *)&end->greeting + end->greeting_bytes, sizeof(end->greeting) - end->greeting_bytes, MSG_DONTWAIT);

	if (got <= 0) {
		end->readable = got < 0 && errno != EAGAIN && end->readable;
		/* without a greeting this process cannot know the connection; the client's process counts it */
		end->cuttable = true;
		return got < 0 && (errno == EAGAIN || errno == EINTR) ? OUTCOME_GOING_ON : OUTCOME_FAILED;
	}
	end->greeting_bytes += got;
	if (end->greeting_bytes < sizeof(end->greeting))
		return OUTCOME_GOING_ON;
	if (end->greeting.magic != MAGIC || end->greeting.place != place) {
		tally.wrong += sizeof(end->greeting);
		end->cuttable = false;
		trouble("wrong greeting: magic %lx, for place %u, arrived at place %u", end->greeting.magic, end->greeting.place, place);
		return OUTCOME_FAILED;
	}
	end->greeted = true;
	plan_end(end);
	join_slot(end->slot, false);
	set_no_delay(end);
	release_rounds(end);
	watch(end, EPOLL_CTL_MOD);
	return OUTCOME_GOING_ON;
}

/* Makes the program busy for a while after some of its wake-ups. */
static void doze(struct end *end, uint64_t now)
{
	uint32_t one_in = end->manners.busy_one_in;

	if (!end->woken || !end->readable || end->eof || napping(end))
		return;
	end->woken = false;
	if (one_in && draw(end->plan.seed, 3000 + end->draws++) % one_in == 0)
		nap(end, now, draw(end->plan.seed, 4000 + end->draws) % BUSY_MS);
}

static enum outcome work_once(struct end *end, uint64_t now, uint32_t place)
{
	enum outcome outcome = OUTCOME_GOING_ON;

	if (!end->greeted && !end->client)
		return end->readable ? read_greeting(end, place) : OUTCOME_GOING_ON;
	if (!end->greeted)
		return end->writable ? write_greeting(end) : OUTCOME_GOING_ON;
	doze(end, now);
	if (end->readable && !end->eof && !napping(end))
		outcome = read_some(end, now);
	if (outcome == OUTCOME_GOING_ON && end->writable && wants_to_write(end))
		outcome = write_some(end, now);
	if (outcome != OUTCOME_GOING_ON)
		return outcome;
	send_fin(end);
	return end->eof && end->fin_sent ? OUTCOME_FINISHED : OUTCOME_GOING_ON;
}

static bool can_go_on(const struct end *end)
{
	return (end->readable && !end->eof && !napping(end)) || (end->writable && wants_to_write(end));
}

static void work(struct end *end, uint64_t now, uint32_t place)
{
	enum outcome outcome = work_once(end, now, place);
	uint64_t most = end->sent + end->received + BYTES_AT_ONCE;

	for (int n = 1; n < OPERATIONS_AT_ONCE && outcome == OUTCOME_GOING_ON && can_go_on(end); n++) {
		if (end->sent + end->received >= most)
			break;
		outcome = work_once(end, now, place);
	}
	if (outcome != OUTCOME_GOING_ON)
		return close_end(end, outcome);
	if (can_go_on(end))
		make_ready(end);
	else
		show_busy(end->slot, end->client, napping(end));
	if (!end->manners.edge_triggered)
		watch(end, EPOLL_CTL_MOD);
}

static void work_all_ready(uint64_t now, uint32_t place)
{
	struct end *end = ready_ends, *next;

	for (ready_ends = NULL; end; end = next) {
		next = end->next_ready;
		end->in_ready = false;
		work(end, now, place);
	}
}

static bool kept_asleep(const struct end *end, uint64_t now)
{
	return end->asleep && LOAD(board->hold) && now < end->nap_latest_ms;
}

/* Notes a standstill of the connection. Both ends report it, but only the first counts it. */
static void note_standstill(struct end *end)
{
	uint64_t still_ms = standstill_ms(end->slot);

	if (still_ms > tally.longest)
		tally.longest = still_ms;
	if (still_ms < STALLED_MS || end->stalled)
		return;
	end->stalled = true;
	tally.stalled += __atomic_exchange_n(&board->slot[end->slot].told, 1, __ATOMIC_SEQ_CST) == 0;
	tell_stalled(end);
}

/* Wakes the connection ends whose nap is over, and closes those on which no byte has moved for PATIENCE_MS. */
static void look_after(uint64_t now)
{
	struct end *end, *next;

	for (end = open_ends; end; end = next) {
		next = end->next_open;
		if (napping(end) && now >= end->nap_until_ms && !kept_asleep(end, now)) {
			wake(end);
			make_ready(end);
		}
		if (end->greeted && !end->cuttable)
			note_standstill(end);
		if (now > end->moved_ms + PATIENCE_MS && !end->in_ready) {
			if (!end->cuttable)
				tell_end(end, "nothing moves");
			close_end(end, OUTCOME_FAILED);
		}
	}
}

#endif
