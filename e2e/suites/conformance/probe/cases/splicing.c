// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bytes that the kernel moves between files: splice(2) and sendfile(2), from and to a socket. */
#define _GNU_SOURCE
#include "../families.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define TURNS 20
#define PIECE 20000
#define HEADER 200
#define MANY_TURNS 1000

/* Makes a file that holds the next bytes of the stream. */
static int file_of(uint64_t at, size_t length)
{
	unsigned char *bytes;
	int file = memfd_create("stream", MFD_CLOEXEC);

	if (ftruncate(file, length))
		give_up("ftruncate");
	bytes = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	fill(bytes, at, length);
	munmap(bytes, length);
	return file;
}

static void new_pipe(int ends[2])
{
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC))
		give_up("pipe");
}

/* Moves `length` bytes from the socket into a pipe and checks them there; false when nothing comes any more. */
static bool splice_in(struct conn *conn, int pipe[2], size_t length)
{
	unsigned char bytes[4096];
	long deadline = now_ms() + 4000;

	while (length) {
		ssize_t n = splice(conn->fd, NULL, pipe[1], NULL, length < sizeof(bytes) ? length : sizeof(bytes), SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n > 0) {
			if (read(pipe[0], bytes, n) != n)
				give_up("read pipe");
			check(conn, bytes, n);
			length -= n;
			deadline = now_ms() + 4000;
		} else if (n == 0) {
			say("end of file with %zu bytes to come", length);
			return false;
		} else if (errno != EAGAIN) {
			say("splice: %s", strerrorname_np(errno));
			return false;
		} else if (now_ms() > deadline) {
			say("nothing to splice with %zu bytes to come", length);
			return false;
		} else {
			/* poll() also reports redirected bytes, which splice() cannot take. So the loop has a deadline. */
			wait_for(conn->fd, POLLIN, 20);
		}
	}
	return true;
}

/* Calls splice() while nothing is unread, so that the datapath knows this reader trait when bytes come. */
static void try_to_splice(struct conn *conn)
{
	int pipe[2];

	if (stage.client)
		return;
	new_pipe(pipe);
	say_result("empty: splice", splice(conn->fd, NULL, pipe[1], NULL, 1, SPLICE_F_NONBLOCK));
	close(pipe[0]);
	close(pipe[1]);
}

static void splice_all(struct conn *conn)
{
	int pipe[2], turn;

	new_pipe(pipe);
	try_to_splice(conn);
	meet();
	for (turn = 0; turn < TURNS && splice_in(conn, pipe, PIECE); turn++)
		put(conn, 1);
	say("turns %d", turn);
}

/* As proxies do: reads a head, then splices the body. */
static void read_then_splice(struct conn *conn)
{
	int pipe[2], turn;

	new_pipe(pipe);
	for (turn = 0; turn < TURNS; turn++) {
		take(conn, HEADER);
		if (!splice_in(conn, pipe, PIECE - HEADER))
			break;
		put(conn, 1);
	}
	say("turns %d", turn);
}

/* The first splice() on a connection is called when its bytes are there already. */
static void splice_late(struct conn *conn)
{
	int pipe[2], turn;

	new_pipe(pipe);
	for (turn = 0; turn < TURNS; turn++) {
		wait_for(conn->fd, POLLIN, PATIENCE_MS);
		settle();
		if (!splice_in(conn, pipe, PIECE))
			break;
		put(conn, 1);
	}
	say("turns %d", turn);
}

/* As a relay that has read and written for a long time and then begins to splice: calls splice() until nothing is there, then sleeps until
 * the next edge. */
static void begin_to_splice(struct conn *conn)
{
	int pipe[2];
	uint64_t left = (uint64_t)TURNS * PIECE;
	struct edge edge = edge_on(conn, PIECE);
	unsigned char bytes[PIECE];

	edge_turns(&edge, conn, MANY_TURNS, HEADER);
	new_pipe(pipe);
	say_result("empty: splice", splice(conn->fd, NULL, pipe[1], NULL, PIECE, SPLICE_F_NONBLOCK));
	meet();
	while (left && edge_await(&edge)) {
		ssize_t n;

		while ((n = splice(conn->fd, NULL, pipe[1], NULL, PIECE, SPLICE_F_NONBLOCK)) > 0) {
			if (read(pipe[0], bytes, n) != n)
				give_up("read pipe");
			check(conn, bytes, n);
			left -= n;
			if (left % PIECE == 0)
				put(conn, 1);
		}
		if (n == 0)
			break;
	}
	say("left %llu", (unsigned long long)left);
}

static void send_pieces(struct conn *conn)
{
	for (int turn = 0; turn < TURNS; turn++) {
		put(conn, PIECE);
		if (!wait_for(conn->fd, POLLIN, PATIENCE_MS) || take_once(conn, 1, 0) != 1)
			return;
	}
}

static void turn_and_send_pieces(struct conn *conn)
{
	long start;

	turns(conn, MANY_TURNS, HEADER);
	meet();
	start = now_ms();
	send_pieces(conn);
	say_prompt("answered", start);
}

static void send_pieces_when_asked(struct conn *conn)
{
	meet();
	send_pieces(conn);
}

static void send_pieces_cold(struct conn *conn)
{
	open_cold(conn);
	meet();
	send_pieces(conn);
}

static void read_then_splice_cold(struct conn *conn)
{
	open_cold(conn);
	try_to_splice(conn);
	meet();
	read_then_splice(conn);
}

static void splice_out(struct conn *conn)
{
	unsigned char bytes[PIECE];
	int pipe[2];

	new_pipe(pipe);
	for (int turn = 0; turn < TURNS; turn++) {
		size_t left = PIECE;

		fill(bytes, conn->sent, PIECE);
		if (write(pipe[1], bytes, PIECE) != PIECE)
			give_up("write pipe");
		while (left) {
			ssize_t n = splice(pipe[0], NULL, conn->fd, NULL, left, SPLICE_F_MOVE);

			if (n < 0 && errno == EAGAIN)
				wait_for(conn->fd, POLLOUT, PATIENCE_MS);
			else if (n <= 0)
				give_up("splice: %s", strerrorname_np(errno));
			left -= n > 0 ? n : 0;
		}
		conn->sent += PIECE;
		take(conn, 1);
	}
}

static void send_file(struct conn *conn)
{
	for (int turn = 0; turn < TURNS; turn++) {
		int file = file_of(conn->sent, PIECE);
		size_t left = PIECE;

		while (left) {
			ssize_t n = sendfile(conn->fd, file, NULL, left);

			if (n < 0 && errno == EAGAIN)
				wait_for(conn->fd, POLLOUT, PATIENCE_MS);
			else if (n <= 0)
				give_up("sendfile: %s", strerrorname_np(errno));
			left -= n > 0 ? n : 0;
		}
		conn->sent += PIECE;
		close(file);
		take(conn, 1);
	}
}

static void answer_pieces(struct conn *conn)
{
	for (int turn = 0; turn < TURNS; turn++) {
		take(conn, PIECE);
		put(conn, 1);
	}
}

static void sendfile_from_socket(struct conn *conn)
{
	int file = memfd_create("sink", MFD_CLOEXEC);

	send_now(100);
	settle();
	say_result("sendfile", sendfile(file, conn->fd, NULL, 100));
	take(conn, 100);
	send_no_more();
}

const struct probe_case splicing[] = { { "splice-in", "splice() from the socket, asked before the bytes come", send_pieces_when_asked, splice_all,
					 TO_SERVER },
				       { "splice-in-late", "splice() asked when the bytes are there, by a program that splices", send_pieces,
					 splice_late, TO_SERVER, try_to_splice },
				       { "splice-in-late-first", "splice() asked when the bytes are there, by a program that never spliced before",
					 send_pieces, splice_late, TO_SERVER },
				       { "read-then-splice", "a head is read, the body spliced, by a program that has spliced before", send_pieces,
					 read_then_splice, TO_SERVER, try_to_splice },
				       { "read-then-splice-first", "a head is read, the body spliced, by a program that never spliced before",
					 send_pieces, read_then_splice, TO_SERVER },
				       { "read-then-splice-new", "a head is read, the body spliced, from the first byte on", send_pieces_cold,
					 read_then_splice_cold, TO_SERVER, .alone = true },
				       { "splice-begins", "a relay begins to splice after a thousand turns, when nothing is unread",
					 turn_and_send_pieces, begin_to_splice, TO_SERVER, .unvisited = true },
				       { "splice-out", "splice() from a pipe into the socket", splice_out, answer_pieces, TO_SERVER },
				       { "sendfile-out", "sendfile() from a file into the socket", send_file, answer_pieces, TO_SERVER },
				       { "sendfile-in", "sendfile() from the socket is refused", feed, sendfile_from_socket, TO_SERVER },
				       END_OF_ROWS };
