// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What happens to a program while it sleeps inside recv() or send() on a blocking socket. */
#define _GNU_SOURCE
#include "../families.h"
#include "../transcript.h"
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1024 * 1024L)
#define TURNS 20
#define LENGTH 500

/* A blocking socket from the beginning, to a destination that is known to take turns. */
static struct conn open_blocking(void)
{
	int listener = stage.client ? -1 : listen_here(8);
	struct conn conn = { .fd = -1 };

	meet();
	teach(listener);
	if (stage.client) {
		conn.fd = open_socket(0);
		if (connect(conn.fd, (struct sockaddr *)&stage.target, sizeof(stage.target)))
			give_up("connect: %s", strerrorname_np(errno));
	} else {
		if (!wait_for(listener, POLLIN, PATIENCE_MS))
			give_up("accept: nobody came");
		conn.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	}
	set_option(conn.fd, SOL_TCP, TCP_NODELAY, 1);
	note_start(&conn);
	return conn;
}

static void take_turns(struct conn *conn)
{
	if (stage.client)
		turns(conn, TURNS, LENGTH);
	else
		answer_turns(conn, TURNS, LENGTH);
}

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

/* Whatever happens to this process once it sleeps in recv() is done by a child, which then lets bytes come. */
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

/* Non-blocking for a while, so that the connection is in full use, and blocking again. */
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

/* In use as a blocking one for so long that it is known to be one. */
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

/* So far the other side is behind in sending back: the sender sleeps for room while the receiver sleeps for bytes. */
#define BEHIND (4 * MIB)
#define PIECE 65536

static long duplex_bytes(void)
{
	return stage.small ? 8 * MIB : 30 * MIB;
}

static void *receive_all(void *argument)
{
	struct conn *conn = argument;

	for (long left = duplex_bytes(); left;) {
		ssize_t n = take_once(conn, PIECE, 0);

		if (n <= 0)
			give_up("receiving ended by %s", n ? strerrorname_np(errno) : "end of file");
		left -= n;
	}
	return NULL;
}

/* One thread sleeps in recv() while another sends. */
static void send_beside_reader(struct conn *conn)
{
	struct conn reader;
	pthread_t receiver;

	*conn = open_blocking();
	take_turns(conn);
	reader = *conn;
	if (pthread_create(&receiver, NULL, receive_all, &reader))
		give_up("thread");
	for (long left = duplex_bytes(); left; left -= PIECE)
		put(conn, PIECE);
	pthread_join(receiver, NULL);
	conn->taken = reader.taken;
	say("received %llu, wrong %d", (unsigned long long)reader.taken, reader.wrong);
}

static void send_back(struct conn *conn)
{
	*conn = open_blocking();
	take_turns(conn);
	nap(100);
	for (long left = duplex_bytes(); left; left -= PIECE) {
		take(conn, PIECE);
		if (left <= duplex_bytes() - BEHIND)
			put(conn, PIECE);
		else if (left % MIB == 0)
			settle();
	}
	put(conn, BEHIND);
}

static void say_send(const char *what, ssize_t n)
{
	say("%s %s", what, n < 0 ? strerrorname_np(errno) : "part");
}

/* Asleep for room when the reader resets. */
static void sleep_in_send(struct conn *conn)
{
	ssize_t n;

	say("bounded: %d", stuff(conn, 32768));
	set_blocking(conn->fd, true);
	meet();
	do {
		n = put_once(conn, STREAM_WINDOW, 0);
	} while (n > 0);
	say_send("asleep: send", n);
	say_send("again: send", put_once(conn, 1, 0));
	say_result("recv", take_once(conn, 1, 0));
	hang_up(conn);
}

/* The same with a part of what it sends gone already: that part is the result, the error comes with the next call. */
static void sleep_with_part_sent(struct conn *conn)
{
	static unsigned char bytes[64 * MIB];

	*conn = open_blocking();
	take_turns(conn);
	meet();
	say_send("asleep: send", send(conn->fd, bytes, sizeof(bytes), 0));
	say_send("again: send", put_once(conn, 1, 0));
	say_send("and again: send", put_once(conn, 1, 0));
	say_result("recv", take_once(conn, 1, 0));
	hang_up(conn);
}

static void reset_sleeper(struct conn *conn)
{
	struct linger at_once = { .l_onoff = 1 };

	meet();
	nap(100);
	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	hang_up(conn);
}

static void reset_part_sender(struct conn *conn)
{
	*conn = open_blocking();
	take_turns(conn);
	reset_sleeper(conn);
}

const struct probe_case sleeping[] = {
	{ "asleep-server", "a signal, a restarting signal and a stop while the accepting end sleeps in recv()", feed_disturbed, disturbed,
	  TO_SERVER, .alone = true },
	{ "asleep-client", "the same at the connecting end", disturbed, feed_disturbed, TO_CLIENT, .alone = true },
	{ "asleep-again", "the same, on a socket that was non-blocking in between", feed_disturbed_again, disturbed_again, TO_SERVER,
	  .alone = true },
	{ "asleep-later", "the same, on a socket that was non-blocking until then", feed_disturbed_later, disturbed_later, TO_SERVER },
	{ "asleep-timeout", "SO_RCVTIMEO ends a recv(), and a signal does", feed_disturbed, timed_out, TO_SERVER, .alone = true },
	{ "asleep-beside-sender", "a thread sleeps in recv() while another sends 30 MiB on the same socket", send_beside_reader, send_back,
	  TO_CLIENT, .alone = true, .seconds = 60 },
	{ "asleep-in-send", "a reset finds the sender asleep in send()", sleep_in_send, reset_sleeper, TO_SERVER },
	{ "asleep-part-sent", "a reset finds the sender asleep in send(), with a part of it sent", sleep_with_part_sent, reset_part_sender,
	  TO_SERVER, .alone = true },
	END_OF_ROWS
};
