// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What happens to a program while it sleeps inside recv() on a blocking socket. */
#define _GNU_SOURCE
#include "../families.h"
#include "blocking.h"
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static bool asleep(pid_t pid)
{
	char path[64], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(file);
	return state == 'S';
}

/* Forks a child that waits until this process sleeps in recv(), then calls `disturbance` and lets bytes come. */
static pid_t disturb_by(void (*disturbance)(pid_t self))
{
	pid_t self = getpid(), child = fork();

	if (child)
		return child;
	while (!asleep(self))
		nap(1);
	disturbance(self);
	send_soon(100);
	_exit(0);
}

static void ignore(int number)
{
	(void)number;
}

static void handle_signal(int flags)
{
	struct sigaction action = { .sa_handler = ignore, .sa_flags = flags };

	sigaction(SIGUSR1, &action, NULL);
}

static void send_signal(pid_t self)
{
	kill(self, SIGUSR1);
}

static void stop_and_continue(pid_t self)
{
	kill(self, SIGSTOP);
	settle();
	kill(self, SIGCONT);
}

static void sleep_through(struct conn *conn, const char *what, void (*disturbance)(pid_t self))
{
	pid_t child = disturb_by(disturbance);
	ssize_t n = take_once(conn, 1000, 0);

	say_result(what, n);
	if (n < 0)
		say_result("and again", take_once(conn, 1000, 0));
	waitpid(child, NULL, 0);
}

static void sleep_through_all(struct conn *conn)
{
	handle_signal(0);
	sleep_through(conn, "interrupted: recv", send_signal);
	handle_signal(SA_RESTART);
	sleep_through(conn, "interrupted, to be restarted: recv", send_signal);
	sleep_through(conn, "stopped and continued: recv", stop_and_continue);
}

static void disturbed(struct conn *conn)
{
	*conn = open_blocking();
	take_turns(conn);
	sleep_through_all(conn);
	send_no_more();
}

static void feed_disturbed(struct conn *conn)
{
	*conn = open_blocking();
	take_turns(conn);
	feed(conn);
}

/* The socket is non-blocking for a while, so that bytes may be redirected, and then blocking again. */
static void disturbed_again(struct conn *conn)
{
	*conn = open_blocking();
	for (int i = 0; i < 2; i++) {
		take_turns(conn);
		set_blocking(conn->fd, false);
		take_turns(conn);
		set_blocking(conn->fd, true);
		take_turns(conn);
		sleep_through_all(conn);
		send_no_more();
	}
}

static void feed_disturbed_again(struct conn *conn)
{
	*conn = open_blocking();
	for (int i = 0; i < 2; i++) {
		take_turns(conn);
		take_turns(conn);
		take_turns(conn);
		feed(conn);
	}
}

/* After so long in use with a blocking socket, the datapath knows that the socket is blocking. */
#define USED_MS 300

static void disturbed_later(struct conn *conn)
{
	set_blocking(conn->fd, true);
	answer_turns(conn, TURNS, LENGTH);
	answer_turns(conn, TURNS, LENGTH);
	sleep_through_all(conn);
	send_no_more();
}

static void feed_disturbed_later(struct conn *conn)
{
	turns(conn, TURNS, LENGTH);
	nap(USED_MS);
	turns(conn, TURNS, LENGTH);
	feed(conn);
}

static void timed_out(struct conn *conn)
{
	struct timeval patience = { .tv_usec = 300000 };

	*conn = open_blocking();
	take_turns(conn);
	setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	handle_signal(SA_RESTART);
	for (int i = 0; i < 2; i++) {
		long start = now_ms();

		say_result("nothing comes: recv", take_once(conn, 1000, 0));
		say("%s", timing(now_ms() - start, 300));
		sleep_through(conn, "interrupted: recv", send_signal); /* with a timeout, no call is restarted: signal(7) */
	}
	send_no_more();
}

const struct probe_case sleeping[] = {
	{ "asleep-server", "a signal, a restarting signal and a stop while the accepting end sleeps in recv()", feed_disturbed, disturbed, TO_SERVER,
	  .alone = true },
	{ "asleep-client", "a signal, a restarting signal and a stop while the connecting end sleeps in recv()", disturbed, feed_disturbed, TO_CLIENT,
	  .alone = true },
	{ "asleep-again", "a signal, a restarting signal and a stop during recv() on a socket that was non-blocking in between", feed_disturbed_again,
	  disturbed_again, TO_SERVER, .alone = true },
	{ "asleep-later", "a signal, a restarting signal and a stop during recv() on a socket that was non-blocking until then", feed_disturbed_later,
	  disturbed_later, TO_SERVER },
	{ "asleep-timeout", "SO_RCVTIMEO ends a recv(), and a signal does", feed_disturbed, timed_out, TO_SERVER, .alone = true },
	END_OF_ROWS
};
