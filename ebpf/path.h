/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the peer of an end can be, by its address and before it has been found. */
#ifndef SIDECAR_ACCELERATION_PATH_H
#define SIDECAR_ACCELERATION_PATH_H

#include "endpoint.h"

#define LONGEST_FRAME 32768

/* Whether a rule has sent the connection to the client's own pod, unknown to the client. The MSS in the SYN-ACK is that of the answering
 * route, and only the loopback device (MTU 65536) allows one that no Ethernet frame can carry. Nothing else tells: the route and the address
 * of the socket are those of the destination that was asked for, and the packet is gone by now (tcp_add_backlog() drops its dst while
 * connect() holds the socket). */
static __always_inline bool answered_over_loopback(struct tcp_sock *tp)
{
	return tp->rx_opt.mss_clamp > LONGEST_FRAME;
}

/* The path of an accepting end while its peer is not known: PATH_NONE where the connecting end is in no selected pod of this node. */
static __always_inline enum path_kind path_from(const struct address *remote)
{
	if (is_loopback(remote))
		return PATH_POD_LOCAL;
	return location_of(remote) == LOCATION_SELECTED ? PATH_NODE_LOCAL : PATH_NONE;
}

/* The path of a connecting end while its peer is not known: the one by its address, or its own pod where a rule has sent it there. */
static __always_inline enum path_kind likely_path(struct tcp_sock *tp, const struct address *local, const struct address *remote)
{
	if (same_address(remote, local) || answered_over_loopback(tp))
		return PATH_POD_LOCAL;
	return path_from(remote);
}

/* Why an end without a peer stays on TCP. */
static __always_inline enum reason reason_without_peer(const struct address *remote)
{
	if (is_loopback(remote)) /* the peer is in this pod and yet left no pending connect: for lack of memory, say */
		return REASON_UNSUPPORTED_SOCKET;
	switch (location_of(remote)) {
	case LOCATION_OWN_KERNEL:
		return REASON_PEER_OWN_KERNEL;
	case LOCATION_SELECTED:
	case LOCATION_NEIGHBOUR:
		return REASON_PEER_NOT_SELECTED;
	default:
		return REASON_PEER_ELSEWHERE;
	}
}

#endif
