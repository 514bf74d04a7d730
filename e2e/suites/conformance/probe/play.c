// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Plays a case: starts a process for each side in the network namespace of its pod, and ends both at a deadline. */
#define _GNU_SOURCE
#include "play.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 128
#define SECONDS 30

static void enter(const char *netns)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		give_up("enter %s: %s", netns, strerrorname_np(errno));
	close(fd);
}

static void play_side(const struct probe_case *row)
{
	struct conn conn = { .fd = -1 };
	int listener = -1;

	if (!row->alone) {
		if (!stage.client)
			listener = listen_here(BACKLOG);
		meet();
		conn = stage.client ? connect_new() : accept_from(listener);
		if (row->prepare)
			row->prepare(&conn);
		meet();
		warm_up(&conn);
		if (row->unvisited && stage.client)
			order("unvisited");
		meet();
	}
	(stage.client ? row->client : row->server)(&conn);
	meet();
	if (conn.fd >= 0)
		hang_up(&conn);
	transcript->outcome = FINISHED;
	_exit(0);
}

static pid_t start_side(const struct probe_case *row, const char *netns, int own, int others, bool client, struct transcript *said)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	close(others);
	other_side = own;
	transcript = said;
	stage.client = client;
	enter(netns);
	play_side(row);
	_exit(1);
}

/* Waits for both sides until the deadline; then kills both process groups, which include all processes that the sides started. */
static void await_sides(const pid_t *sides, int seconds)
{
	struct timespec step = { .tv_nsec = 2000000 };
	int left = 2;

	for (long waited = 0; left && waited < seconds * 500L; waited++) {
		for (int i = 0; i < 2; i++)
			if (waitpid(sides[i], NULL, WNOHANG) == sides[i])
				left--;
		if (left)
			nanosleep(&step, NULL);
	}
	for (int i = 0; i < 2; i++) {
		kill(-sides[i], SIGKILL);
		waitpid(sides[i], NULL, 0);
	}
}

struct transcript *play(const struct probe_case *row, const char *client_netns, const char *server_netns)
{
	struct transcript *said = mmap(NULL, 2 * sizeof(*said), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t sides[2];
	int ends[2];

	if (said == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
		perror("prepare the two sides");
		exit(1);
	}
	fflush(NULL);
	sides[0] = start_side(row, client_netns, ends[0], ends[1], true, &said[0]);
	sides[1] = start_side(row, server_netns, ends[1], ends[0], false, &said[1]);
	close(ends[0]);
	close(ends[1]);
	await_sides(sides, row->seconds ? row->seconds : SECONDS);
	return said;
}
