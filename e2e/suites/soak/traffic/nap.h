/* SPDX-License-Identifier: Apache-2.0 */
/* Readers that trust a short read, and readers that sleep. The board counts those that sleep with redirected bytes unread. */
#ifndef SOAK_NAP_H
#define SOAK_NAP_H

#include "tell.h"

/* A disturbance keeps the readers at which it is aimed asleep for no longer than this. Afterwards it may take as long again until TCP
 * sends the segments that were held back (ADR 16). */
#define HELD_MS 800

/* Bytes that TCP has received in order, read or not. */
static uint64_t received_over_tcp(const struct end *end)
{
	struct tcp_info info = {};
	socklen_t length = sizeof(info);

	return getsockopt(end->fd, IPPROTO_TCP, TCP_INFO, &info, &length) ? 0 : info.tcpi_bytes_received;
}

/* Whether this reader waits for an edge after a read shorter than its buffer. Without EPOLLRDHUP, the edge for the end of the stream may have
 * come already, so such a reader waits only while bytes are due. */
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

/* Whether redirected bytes are unread and no others: something is unread, and TCP has received nothing since all was read. */
static bool has_redirected_unread(const struct end *end)
{
	char first;

	if (!end->emptied || received_over_tcp(end) != end->tcp_received)
		return false;
	return recv(end->fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

/* Makes the reader sleep for a while. */
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
