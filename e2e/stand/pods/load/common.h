/* Functions that the load programs share: non-blocking sockets, as proxies use them, and clocks.
 * An address is "127.0.0.1:8000" or "unix:name", so that the same program measures TCP and AF_UNIX. */
#ifndef SIDECAR_ACCELERATION_LOAD_H
#define SIDECAR_ACCELERATION_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_SOCKETS 20000
#define BIGGEST_MESSAGE (1 << 20)
/* A sender counts as blocked when it could send nothing for so long; the kernel's window probes begin at 0.2 s. */
#define BLOCKED_SECONDS 0.5

/* What messages are sent from. The content does not matter here: the conformance and soak suites check bytes. */
extern char message[BIGGEST_MESSAGE];

/* Ends the program and prints what was being done, with the text of errno. */
void fail(const char *what) __attribute__((noreturn));

int listen_at(const char *address);
/* Returns a connected socket; waits for the handshake. */
int connect_to(const char *address);
/* Returns the next connection, or -1 when none is waiting. */
int accept_from(int listener);
void await(int fd, short events);
/* Writes so many bytes and waits while the socket is full. Returns false when the peer has closed. */
bool write_all(int fd, size_t bytes);
/* Reads at most `bytes`. Returns how many were read, 0 at the end of the stream, -1 when there is nothing to read yet. */
long read_some(int fd, size_t bytes);
bool read_all(int fd, size_t bytes);

int new_epoll(void);
/* Adds the socket to the epoll, edge-triggered as Envoy, nginx and Go do it: after an event read until nothing is left or the stream has ended. */
void watch(int epoll, int fd);

double seconds_now(void);
/* The system time of this process's cgroup in microseconds, from its cpu.stat, whose path is in the environment variable CPU_STAT. Loopback and
 * veth deliver packets in the sender's context, so softirq time is included. */
double kernel_us(void);
/* The TCP memory in use, by /proc/net/sockstat of the network namespace; redirected bytes are charged there as well
 * (net/ipv4/tcp_bpf.c bpf_tcp_ingress()). */
double tcp_memory_bytes(void);
double number(const char *text);

/* Prints "ready". Then calls `slice` for each line of standard input, with the seconds that the line says, until the end of input. A slice prints
 * its result as one line. So the benchmark decides which side runs when. */
void run_slices(void (*slice)(double seconds, void *context), void *context);

/* The programs; each gets the arguments that follow its name on the command line. */
void serve(char **words);
void turns(char **words);
void brief(char **words);
void stream(char **words);
void stall(char **words);
void hoard(char **words);
void idle(char **words);
void calls(char **words);

#endif
