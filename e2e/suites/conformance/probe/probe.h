/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a case of the conformance suite is made of. Two processes play a case, a client and a server, each in the network
 * namespace of its pod. What they say is the observation, which must be the same on TCP and on an accelerated connection.
 * So a case says only what the socket API promises: results, errors, masks, order; never times or addresses. */
#ifndef SIDECAR_ACCELERATION_PROBE_H
#define SIDECAR_ACCELERATION_PROBE_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

/* A side gives up waiting after this time without an event. */
#define PATIENCE_MS 8000

/* The direction of a connection that a case is about. The result can be `same` only if the sender of that direction used the fast path. */
enum subject {
	TO_SERVER = 1,
	TO_CLIENT = 2,
	BOTH_WAYS = TO_SERVER | TO_CLIENT,
};

/* The part of the datapath's socket state that the probe reports; `standing` is the reason. */
struct speed {
	uint64_t fast_bytes, tcp_bytes;
	uint32_t standing, gate;
	bool known;
};

/* One connection as seen by one of its ends. The value of each byte follows from its place in the stream of its direction. */
struct conn {
	int fd; /* -1 when it is closed */
	uint64_t sent, taken;
	bool wrong;			  /* a received byte was wrong; said only once */
	uint64_t fast_before, tcp_before; /* what the datapath had counted when the case began */
	struct speed last;		  /* after the last send(): the datapath forgets a connection that closes */
};

struct probe_case {
	const char *name;
	const char *about; /* one sentence for the page */
	void (*client)(struct conn *conn);
	void (*server)(struct conn *conn);
	enum subject subject;
	void (*prepare)(struct conn *conn); /* called at both sides before the first byte: sets the options that a program sets when it begins */
	bool alone;			    /* the case opens its connections itself; the two functions get a closed one */
	bool slow;			    /* left out of the short form */
	bool unvisited;			    /* no scan of open connections runs during the case: shows what must hold without an agent */
	int seconds;			    /* deadline; 0: thirty seconds */
};

/* The arguments of the run; the same in both processes, except for `client`. */
struct stage {
	bool client;
	bool small; /* the short form: fewer rounds, fewer bytes */
	int family;
	struct sockaddr_storage target; /* where the client connects to */
	uint16_t listen_port;
	unsigned int client_uid; /* owner of the client's sockets, as packet filters see it */
	bool transparent;	 /* the listener gets connections by TPROXY */
	int ends;		 /* the map of the datapath's socket states, or -1 */
};

extern struct stage stage;

/* meeting.c: what a side says, and how it waits for the other side */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_result(const char *what, ssize_t result); /* "what 100", "what EAGAIN" */
void say_events(const char *what, int events);	   /* poll(2) masks by name, or "nothing" */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void unsupported(const char *format, ...) __attribute__((format(printf, 1, 2)));
void meet(void);       /* returns when both sides have called it */
void tell(long value); /* to the other side's hear() */
long hear(void);
/* Asks the program that started the probe to do something (`orders` of probe.ts), and returns when it is done. */
void order(const char *what);
void nap(long ms);
long now_ms(void);
const char *timing(long took_ms, long expected_ms); /* "at once", "in time" or "late" */
void say_prompt(const char *what, long since_ms);   /* "what within a second" or "what late" */

/* socket.c: opening and closing */
int open_socket(int protocol);
int listen_here(int backlog);
int listen_on(int socket, int backlog);
void connect_to_server(int socket); /* waits until it is established */
struct conn connect_new(void);
struct conn accept_from(int listener);
/* Turns of request and answer until an accelerated connection is redirected both ways, or the datapath says why not. */
void warm_up(struct conn *conn);
/* Opens a connection and takes turns on it. The datapath learns from it that connections to the destination take turns, and joins later
 * connections when they open, before their first byte. */
void teach(int listener);
/* For cases that open their connection themselves. Opens a listener at the server, calls teach(), and opens the connection of the case
 * without a warm-up. */
void open_cold(struct conn *conn);
/* Opens a connection between the two sides, which both call this, and warms it up. */
struct conn pair_up(int listener);
void hang_up(struct conn *conn); /* notes its speed and closes it */
void set_option(int fd, int level, int name, int value);
int get_option(int fd, int level, int name);
void set_blocking(int fd, bool blocking);

/* stream.c: bytes whose values follow from their place in the stream */
void fill(void *buffer, uint64_t at, size_t length); /* length at most STREAM_WINDOW */
bool matches(const void *buffer, uint64_t at, size_t length);
void check(struct conn *conn, const void *buffer, size_t length); /* the next bytes of the stream have come */
int wait_for(int fd, short events, int timeout_ms);		  /* the events that poll() returned, 0 for none */
ssize_t put_once(struct conn *conn, size_t length, int flags);	  /* one send(); -1 and errno */
void put(struct conn *conn, size_t length);			  /* sends everything, and waits for room */
ssize_t take_once(struct conn *conn, size_t length, int flags);	  /* one recv(), checked */
void take(struct conn *conn, size_t length);			  /* receives `length` bytes, or gives up */
bool stuff(struct conn *conn, size_t piece);			  /* sends until there is no room left; false when there still is room after 64 MiB */
uint64_t take_to_end(struct conn *conn);			  /* until EOF; says how it ended */
#define STREAM_WINDOW (1 << 20)

/* feeder.c: one side sends exactly what the other side asks for, when it asks */
void feed(struct conn *conn);  /* until send_no_more() */
void send_now(size_t length);  /* returns when it has been sent */
void send_soon(size_t length); /* returns at once; the bytes are sent a moment later, when the reader is asleep */
void send_no_more(void);
void turns(struct conn *conn, int count, size_t length); /* request and answer, the asking side */
void answer_turns(struct conn *conn, int count, size_t length);
void settle(void); /* waits a moment for sent bytes to arrive */

/* edge.c: a reader on edge-triggered epoll, which reports each arrival once. The reader takes a read shorter than its buffer to mean that all
 * has been read (epoll(7), question 9). So do tokio, Netty and .NET, and nginx where it asks for EPOLLRDHUP. */
struct edge {
	int epoll;
	size_t room;   /* size of its buffer */
	bool counts;   /* asks FIONREAD when a read has filled the buffer, and believes it until the next edge */
	bool ready;    /* it believes that there is something to read */
	bool end_told; /* EPOLLRDHUP was reported: from now on it reads until the end of file */
	long known;    /* bytes left of those that FIONREAD counted; -1 when it was not asked */
};

struct edge edge_on(const struct conn *conn, size_t room);
struct edge edge_on_bytes(const struct conn *conn, size_t room);		 /* without EPOLLRDHUP: the end of file gives no event of its own */
bool edge_await(struct edge *edge);						 /* false when none comes */
uint64_t edge_take(struct edge *edge, struct conn *conn, uint64_t length);	 /* less only at the end of file, or when no event comes in time */
void edge_turns(struct edge *edge, struct conn *conn, int count, size_t length); /* the answering side */

/* speed.c: how the bytes of a connection went */
void note_start(struct conn *conn);
void keep_speed(struct conn *conn);
void note_speed(struct conn *conn);
enum progress {
	UNDECIDED, /* the datapath still learns the destination, or has not paired the two ends */
	DECIDED,   /* redirected since note_start(), or refused; always so on plain TCP */
};
enum progress progress(const struct conn *conn);

#define ROWS(family) extern const struct probe_case family[]
#define END_OF_ROWS          \
	{                    \
		.name = NULL \
	}

#endif
