/* SPDX-License-Identifier: Apache-2.0 */
/* Readers that trust a short read, and readers that sleep; over redirected bytes, if the board is to show it. */
#ifndef SOAK_NAP_H
#define SOAK_NAP_H

#include "tell.h"

/* A disturbance that is aimed at sleeping readers keeps them asleep for no longer than this: after it what TCP held back may
 * take as long again (ADR 16). */
#define HELD_MS 800

/* Of TCP: bytes that have arrived in order, read or not. */
static uint64_t received_over_tcp(const struct end *end)
{
	struct tcp_info info = {};
	socklen_t length = sizeof(info);

	return getsockopt(end->fd, IPPROTO_TCP, TCP_INFO, &info, &length) ? 0 : info.tcpi_bytes_received;
}

/* Whether a read shorter than its buffer tells this reader to wait for an edge. Without EPOLLRDHUP the end of the stream may
 * have had its edge already, so there only while bytes must come. */
static bool trusts_short(const struct end *end)
{
	if (!end->manners.edge_triggered || end->manners.trust == TRUST_EAGAIN)
		return false;
	return end->manners.trust == TRUST_SHORT_RDHUP ? !end->hung_up : end->received < end->total_in;
}

static void note_emptied(struct end *end, bool emptied)
{
	end->emptied = emptied;
	if (emptied && (end->manners.busy_one_in || end->manners.naps_at))
		end->tcp_received = received_over_tcp(end);
}

/* Whether all that is unread was redirected: something is, and TCP has brought nothing since all was read. */
static bool has_redirected_unread(const struct end *end)
{
	char first;

	if (!end->emptied || received_over_tcp(end) != end->tcp_received)
		return false;
	return recv(end->fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

/* Reads no more for a while. */
static void nap(struct end *end, uint64_t now_ms, uint32_t length_ms)
{
	end->nap_until_ms = now_ms + length_ms;
	end->nap_latest_ms = now_ms + HELD_MS;
	if (end->asleep || end->cuttable || !has_redirected_unread(end))
		return;
	end->asleep = true;
	ADD(board->asleep, 1);
}

static void wake(struct end *end)
{
	end->nap_until_ms = 0;
	if (end->asleep)
		ADD(board->asleep, -1ULL);
	end->asleep = false;
	show_moved(end->slot, end->client);
}

#endif
