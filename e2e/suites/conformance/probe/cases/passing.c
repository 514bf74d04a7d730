// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A connection whose reader changes: another process reads, O_NONBLOCK changes, or the socket connects again. */
#define _GNU_SOURCE
#include "../families.h"
#include "../transcript.h"
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNS 20

/* Forks a child that reads from now on; a child that hangs is killed with its parent. */
static pid_t child_of_side(void)
{
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork");
	return pid;
}

static void await_child(struct conn *conn, pid_t child)
{
	waitpid(child, NULL, 0);
	conn->sent += TURNS * 500;
	conn->taken += TURNS * 500;
}

static void forked(struct conn *conn)
{
	pid_t child = child_of_side();

	if (!child) {
		answer_turns(conn, TURNS, 500);
		hang_up(conn);
		_exit(0);
	}
	close(conn->fd); /* the child then has the only file descriptor of the socket */
	await_child(conn, child);
	conn->fd = -1;
}

static void both_read(struct conn *conn)
{
	pid_t child = child_of_side();

	if (!child) {
		answer_turns(conn, TURNS, 500);
		_exit(0);
	}
	await_child(conn, child);
	answer_turns(conn, TURNS, 500);
}

static void once_turns(struct conn *conn)
{
	turns(conn, TURNS, 500);
}

static void twice_turns(struct conn *conn)
{
	turns(conn, TURNS, 500);
	turns(conn, TURNS, 500);
}

static void pass_fd(int channel, int fd)
{
	char beside[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = beside, .msg_controllen = sizeof(beside) };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	if (sendmsg(channel, &message, 0) != 1)
		give_up("pass the descriptor");
}

static int get_fd(int channel)
{
	char beside[CMSG_SPACE(sizeof(int))], byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = beside, .msg_controllen = sizeof(beside) };
	int fd;

	if (recvmsg(channel, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		give_up("get the descriptor");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* The socket is handed over while a message is unread. For a moment only the UNIX socket that carries it holds the socket. */
static void handed_over(struct conn *conn)
{
	int channel[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel))
		give_up("socketpair");
	child = child_of_side();
	if (!child) {
		close(conn->fd);
		nap(100);
		conn->fd = get_fd(channel[1]);
		answer_turns(conn, TURNS, 500);
		hang_up(conn);
		_exit(0);
	}
	pass_fd(channel[0], conn->fd);
	close(conn->fd);
	await_child(conn, child);
	conn->fd = -1;
}

static void turn_blocking(struct conn *conn)
{
	answer_turns(conn, TURNS, 500);
	set_blocking(conn->fd, true);
	answer_turns(conn, TURNS, 500);
}

/* Sleeps in a blocking recv() for one message, and reads the next message on a non-blocking socket. */
static void turn_to_and_fro(struct conn *conn)
{
	for (int i = 0; i < 10; i++) {
		set_blocking(conn->fd, true);
		send_soon(500);
		say_result("blocking: recv", take_once(conn, 1000, 0));
		set_blocking(conn->fd, false);
		send_soon(500);
		say_events("non-blocking:", wait_for(conn->fd, POLLIN, PATIENCE_MS));
		say_result("recv", take_once(conn, 1000, 0));
	}
	send_no_more();
}

/* The same socket is disconnected and connects again. */
static void reconnect(struct conn *unused)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	struct conn conn;

	(void)unused;
	meet();
	conn = pair_up(-1);
	for (int i = 0; i < 3; i++) {
		turns(&conn, TURNS, 500);
		meet();
		note_speed(&conn);
		if (connect(conn.fd, &nowhere, sizeof(nowhere))) {
			say("disconnect: %s", strerrorname_np(errno));
			break;
		}
		conn = (struct conn){ .fd = conn.fd };
		connect_to_server(conn.fd);
		warm_up(&conn);
	}
	turns(&conn, TURNS, 500);
	meet();
	hang_up(&conn);
}

static void accept_again(struct conn *unused)
{
	int listener = listen_here(8);

	(void)unused;
	meet();
	for (int i = 0; i < 4; i++) {
		struct conn conn = pair_up(listener);

		answer_turns(&conn, TURNS, 500);
		meet();
		if (i < 3)
			take_to_end(&conn);
		hang_up(&conn);
	}
}

const struct probe_case passing[] = {
	{ "fork-after-accept", "a child reads on, its parent has closed the socket", once_turns, forked, BOTH_WAYS },
	{ "shared-by-fork", "parent and child read the same socket, one after the other", twice_turns, both_read, BOTH_WAYS },
	{ "scm-rights", "the socket is handed to another process by SCM_RIGHTS", once_turns, handed_over, BOTH_WAYS },
	{ "nonblock-cleared", "O_NONBLOCK is cleared on a connection in use", twice_turns, turn_blocking, TO_SERVER },
	{ "nonblock-to-and-fro", "O_NONBLOCK is set and cleared before every message", feed, turn_to_and_fro, TO_SERVER },
	{ "reconnect", "a socket is disconnected by AF_UNSPEC and connects again", reconnect, accept_again, BOTH_WAYS, .alone = true },
	END_OF_ROWS
};
