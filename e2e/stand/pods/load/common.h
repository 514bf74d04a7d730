/* What the load programs share: sockets that never block, as a proxy's never do, and a clock.
 * An address is "127.0.0.1:8000" or "unix:name": the same program measures both. */
#ifndef SIDECAR_ACCELERATION_LOAD_H
#define SIDECAR_ACCELERATION_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_SOCKETS 20000
#define BIGGEST_MESSAGE (1 << 20)
/* Blocked is who has got rid of nothing for so long; the kernel's window probes begin at 0.2 s. */
#define BLOCKED_SECONDS 0.5

/* Content does not matter here: the conformance and soak suites check bytes. */
extern char message[BIGGEST_MESSAGE];

/* Ends the program with what was being done and errno's words. */
void fail(const char *what) __attribute__((noreturn));

int listen_at(const char *address);
/* A connected socket; waits for the handshake. */
int connect_to(const char *address);
/* The next connection, or -1 when none is waiting. */
int accept_from(int listener);
void await(int fd, short events);
/* Writes all of it, waiting where the socket is full; false when the peer is gone. */
bool write_all(int fd, size_t bytes);
/* Bytes read, 0 at the end, -1 when there is nothing yet; at most `bytes`. */
long read_some(int fd, size_t bytes);
bool read_all(int fd, size_t bytes);

int new_epoll(void);
/* Edge-triggered, as Envoy, nginx and Go watch their sockets: read until there is nothing more, or nothing more can be. */
void watch(int epoll, int fd);

double seconds_now(void);
/* Microseconds the kernel has worked for the processes of this one's cgroup; /sys/fs/cgroup/.../cpu.stat, its path in
 * the environment variable CPU_STAT. Loopback and veth hand packets over in the sender's context, so softirq time is in. */
double kernel_us(void);
/* What the network namespace's TCP memory holds (/proc/net/sockstat); redirected bytes are charged there as well
 * (net/ipv4/tcp_bpf.c bpf_tcp_ingress()). */
double tcp_memory_bytes(void);
double number(const char *text);

/* Says "ready"; then, for each line of standard input, calls `slice` with the seconds that it says, until there are no
 * more. A slice prints what it found, one line. So whoever measures decides which side runs when. */
void run_slices(void (*slice)(double seconds, void *context), void *context);

/* The programs; each takes what follows its name on the command line. */
void serve(char **words);
void turns(char **words);
void brief(char **words);
void stream(char **words);
void stall(char **words);
void hoard(char **words);
void idle(char **words);
void calls(char **words);

#endif
