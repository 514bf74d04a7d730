/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a connection begins to leave the SOCKHASH while it is open.
 *
 * A delete of a socket from the SOCKHASH drops redirected bytes that are unread or under way. So each end first marks itself as `leaving`, and
 * from then on redirects only while redirected bytes are unread at the other (gate.h). departure.h takes both ends out once nothing is under
 * way. */
#ifndef SIDECAR_ACCELERATION_LEAVING_H
#define SIDECAR_ACCELERATION_LEAVING_H

#include "quiet.h"

/* 25 ms to 0.25 s, by the kernel's HZ of 1000 to 100. */
#define LINGER_JIFFIES 25

/* The connection goes back to TCP. Redirecting stops at a message that finds the peer's queue empty, and both ends leave the SOCKHASH once nothing
 * is under way. The peer reads `leaving` with its next message. */
static __always_inline enum gate begin_leaving(struct socket_state *state, enum reason reason)
{
	state->shown.leaving = reason;
	state->leaving_since = bpf_jiffies64();
	state->shown.quiet = 0;
	set_reason(state, reason);
	return GATE_LEAVING;
}

/* Redirecting stops for a while; for good where the connection must leave before its bytes go over TCP. Returns `gate`. */
static __always_inline enum gate stop_for_now(struct socket_state *state, enum gate gate, enum reason reason)
{
	if (must_leave_for_tcp() && !state->shown.leaving)
		begin_leaving(state, reason);
	return gate;
}

/* The reader is so far behind that TCP serves the connection better, because TCP makes the sender wait. */
static __always_inline enum gate spill(struct socket_state *state, enum reason reason)
{
	if (!state->shown.leaving)
		begin_leaving(state, reason);
	return GATE_SPILL;
}

/* Whether an end that is leaving may redirect on for a moment, until nothing is under way. Where a connection must leave before its bytes go over
 * TCP, a byte of TCP behind redirected ones waits for a retransmission unless the connection is out by then (must_leave_first(), hold.h). So
 * an end whose reason to leave is not urgent lingers. */
static __always_inline bool may_linger(const struct socket_state *state, const struct shown *peer_shown)
{
	enum reason why = state->shown.leaving;

	if (!HAS_FULL_BARRIER || !must_leave_for_tcp() || peer_shown->quiet)
		return false;
	if (why != REASON_ONE_WAY && why != REASON_OBSERVING && why != REASON_PEER_NOT_SELECTED && why != REASON_PATH_NOT_SELECTED)
		return false;
	return bpf_jiffies64() - state->leaving_since < LINGER_JIFFIES;
}

/* Whether this message goes over TCP, now that a check says so and the peer's psock queue is empty. False: the connection is leaving, and the
 * message is still redirected, for up to LINGER_JIFFIES (may_linger()). */
static __always_inline bool stop_redirecting(struct socket_state *state, struct tcp_sock *own, struct sock *peer, const struct shown *peer_shown)
{
	if (!state->shown.leaving || peer_shown->quiet || claim_quiet_when_sending(state, (struct sock *)own, peer))
		return true;
	return !may_linger(state, peer_shown);
}

#endif
