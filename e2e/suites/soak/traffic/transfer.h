/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes, one call at a time. */
#ifndef SOAK_TRANSFER_H
#define SOAK_TRANSFER_H

#include "nap.h"

/* Reads once. The outcome is OUTCOME_GOING_ON also when there is nothing to read. */
static enum outcome read_some(struct end *end, uint64_t now_ms)
{
	size_t most = draw_piece(end->plan.seed, 1000 + end->draws++, end->manners.read_bits);
	ssize_t got = recv(end->fd, arrived, most, MSG_DONTWAIT);

	if (got < 0) {
		end->readable = errno != EAGAIN && end->readable;
		note_emptied(end, errno == EAGAIN);
		return failed(end, "reading");
	}
	end->moved_ms = now_ms;
	show_moved(end->slot, end->client);
	if (got == 0) {
		end->eof = true;
		if (end->received == end->total_in)
			return OUTCOME_GOING_ON;
		if (!end->cuttable)
			tell_end(end, "bytes are missing at the end of file");
		return OUTCOME_FAILED;
	}
	if (!compare(end, got))
		return OUTCOME_FAILED;
	end->received += got;
	tally.received += got;
	end->readable = (size_t)got == most || !trusts_short(end);
	note_emptied(end, (size_t)got < most);
	if (end->manners.naps_at && !end->napped && end->received >= end->manners.naps_at) {
		end->napped = true;
		nap(end, now_ms, end->manners.nap_ms);
	}
	release_rounds(end);
	return OUTCOME_GOING_ON;
}

static enum outcome write_some(struct end *end, uint64_t now_ms)
{
	uint64_t length = draw_piece(end->plan.seed, 2000 + end->draws++, end->manners.write_bits);
	ssize_t put;

	if (length > end->allowed - end->sent)
		length = end->allowed - end->sent;
	fill(scratch, stream_number(end, end->client), end->sent, length);
	put = send(end->fd, scratch, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (put < 0) {
		end->writable = errno != EAGAIN && end->writable;
		return failed(end, "writing");
	}
	end->moved_ms = now_ms;
	show_moved(end->slot, end->client);
	end->sent += put;
	tally.sent += put;
	return OUTCOME_GOING_ON;
}

static void send_fin(struct end *end)
{
	if (end->fin_sent || !end->greeted || end->sent < end->total_out)
		return;
	if (!end->manners.half_closes_early && end->received < end->total_in)
		return;
	shutdown(end->fd, SHUT_WR);
	end->fin_sent = true;
	show_moved(end->slot, end->client);
}

#endif
