/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking a connection out of the map while it is open.
 *
 * Deleting a socket from the SOCKHASH drops redirected bytes that are unread or on their way. So first both ends are to
 * leave (`leaving`): they redirect only as long as the other has redirected bytes unread (gate.h). Then data runs over TCP and
 * its callbacks fire; and there, or at a visit, both are deleted once nothing is under way (quiet.h). */
#ifndef SIDECAR_ACCELERATION_LEAVING_H
#define SIDECAR_ACCELERATION_LEAVING_H

#include "gate.h"

/* Forgets the peer: from now on the end is like one that was never joined, and a visit may join it again. `peer`: what the peer shows. */
static __always_inline void part(struct end *end, struct tcp_sock *tp, const struct face *peer)
{
	give_back(end, end->lease);
	end->peer.cookie = 0;
	end->face.in_map = 0;
	end->joined = 0;
	/* one that was told to leave by an order is as welcome as before */
	if (end->standing == STANDING_ONE_WAY && end->departures < 6)
		end->departures++;
	end->unproven = peer->unproven;
	end->seen_in = BPF_CORE_READ(tp, data_segs_in);
	end->seen_out = BPF_CORE_READ(tp, data_segs_out);
	mark_adopted(end, false);
}

/* Of the accepting end: the key of the connection's row in origdsts. */
static __always_inline __u64 row_of(const struct end *end)
{
	return end->accepting ? end->face.cookie : end->peer.cookie;
}

static __always_inline bool leave(struct end *end, struct tcp_sock *tp, const struct face *face)
{
	__u64 own = end->face.cookie, peer = end->peer.cookie;

	if (forget_original(row_of(end)))
		return false;
	give_places_back(end);
	bpf_map_delete_elem(&sockets, &own);
	bpf_map_delete_elem(&sockets, &peer);
	COUNT(end->slot, left);
	part(end, tp, face);
	return true;
}

/* One look at a connection that may be on its way out of the map; true when this look took it out. */
static __always_inline bool try_to_leave(struct end *end, struct tcp_sock *tp, int holders)
{
	struct sock *peer = PEEKABLE(struct sock, end->peer.sock);
	struct face face;

	if (!peer_face(end, &face) || !face.in_map || !is_peer(end, peer))
		return false;
	if (!end->face.leaving && face.leaving)
		begin_leaving(end, face.leaving);
	if (!end->face.leaving || !both_established(tp, peer))
		return false;
	return is_quiet(end, (struct sock *)tp, peer, &face, holders) && leave(end, tp, &face);
}

/* An end whose connection was taken out of the map by its peer. */
static __always_inline bool was_parted(const struct end *end)
{
	__u64 accepting = row_of(end);

	return end->joined && end->peer.cookie && !bpf_map_lookup_elem(&origdsts, &accepting);
}

/* The reason is that of whichever end began to leave. */
static __always_inline void part_too(struct end *end, struct tcp_sock *tp)
{
	enum standing standing = end->face.leaving;
	struct face face;

	if (!peer_face(end, &face))
		__builtin_memset(&face, 0, sizeof(face));
	if (!standing)
		standing = face.leaving;
	settle(end, standing ? standing : STANDING_ONE_WAY);
	part(end, tp, &face);
}

/* Data of a joined connection has run over TCP, or is sent again because hold.h dropped it. Where no program owns the
 * socket's lock this is a softirq, which holds a reference to it. */
static __always_inline void on_tcp_data(struct bpf_sock_ops *ops, struct end *end, struct tcp_sock *tp)
{
	int holders = tp->inet_conn.icsk_inet.sk.sk_lock.owned ? 0 : 1;

	if (was_parted(end)) {
		part_too(end, tp);
	} else if (!try_to_leave(end, tp, holders)) {
		return;
	}
	drop_data_callbacks(ops, end);
	RESTORE_TIMERS(ops, end);
}

/* The end of an end, and of the memory that it took. */
static __always_inline void close_end(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct end *end, struct tcp_sock *tp)
{
	__u64 cookie = end->face.cookie;

	leave_if_reset(end, (struct sock *)tp);
	close_lease(end);
	on_close(ops, end, tp);
	if (fast_queue_empty((struct sock *)tp))
		settle_debt(cookie);
	give_back_end(end->netns);
	bpf_sk_storage_delete(&ends, sk);
}

#endif
