// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A reader that trusts edges: it does not try to read bytes for which epoll has reported no event. */
#define _GNU_SOURCE
#include "probe.h"
#include <sys/epoll.h>
#include <sys/ioctl.h>

static struct edge edge_for(const struct conn *conn, size_t room, uint32_t events)
{
	struct edge edge = { .epoll = epoll_create1(EPOLL_CLOEXEC), .room = room, .known = -1 };
	struct epoll_event event = { .events = events | EPOLLET };

	if (edge.epoll < 0 || epoll_ctl(edge.epoll, EPOLL_CTL_ADD, conn->fd, &event))
		give_up("epoll: %s", strerrorname_np(errno));
	return edge;
}

struct edge edge_on(const struct conn *conn, size_t room)
{
	return edge_for(conn, room, EPOLLIN | EPOLLRDHUP);
}

struct edge edge_on_bytes(const struct conn *conn, size_t room)
{
	return edge_for(conn, room, EPOLLIN);
}

bool edge_await(struct edge *edge)
{
	struct epoll_event event = { 0 };

	if (epoll_wait(edge->epoll, &event, 1, PATIENCE_MS) != 1)
		return false;
	edge->ready = true;
	edge->known = -1;
	edge->end_told |= !!(event.events & EPOLLRDHUP);
	return true;
}

/* What a read of `n` bytes makes such a reader believe about the socket. */
static void conclude(struct edge *edge, const struct conn *conn, size_t n)
{
	int unread = 0;

	if (edge->known >= 0) {
		edge->known -= n;
	} else if (edge->counts && n == edge->room) {
		ioctl(conn->fd, FIONREAD, &unread);
		edge->known = unread;
	}
	if (!edge->end_told)
		edge->ready = n == edge->room && (!edge->counts || edge->known > 0);
}

uint64_t edge_take(struct edge *edge, struct conn *conn, uint64_t length)
{
	uint64_t taken = 0;

	while (taken < length) {
		ssize_t n;

		if (!edge->ready && !edge_await(edge))
			break;
		n = take_once(conn, edge->room, 0);
		if (n == 0)
			break;
		if (n < 0 && errno != EAGAIN)
			give_up("recv: %s", strerrorname_np(errno));
		if (n < 0) {
			edge->ready = false;
			continue;
		}
		taken += n;
		conclude(edge, conn, n);
	}
	return taken;
}

void edge_turns(struct edge *edge, struct conn *conn, int count, size_t length)
{
	for (int i = 0; i < count && edge_take(edge, conn, length) == length; i++)
		put(conn, length);
}
