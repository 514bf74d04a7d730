// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the kernel shows of a connection's counters: TCP_INFO, /proc and the memory of a socket. */
#define _GNU_SOURCE
#include "../families.h"
#include <arpa/inet.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <sys/stat.h>

#define TURNS 20
#define MANY_TURNS 200

static struct tcp_info info_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		give_up("TCP_INFO: %s", strerrorname_np(errno));
	return info;
}

static void say_info(struct conn *conn)
{
	struct tcp_info before = info_of(conn->fd), after;

	turns(conn, TURNS, 500);
	after = info_of(conn->fd);
	say("state %d", after.tcpi_state);
	say("bytes acknowledged grew by %lld", (long long)(after.tcpi_bytes_acked - before.tcpi_bytes_acked));
	say("bytes received grew by %lld", (long long)(after.tcpi_bytes_received - before.tcpi_bytes_received));
	say("segments grew: %d %d", after.tcpi_data_segs_out > before.tcpi_data_segs_out, after.tcpi_data_segs_in > before.tcpi_data_segs_in);
}

/* The bytes in the receive queue that /proc/net/tcp shows for this socket, found by its inode; -1 when the socket is not listed. */
static long listed_unread(int fd)
{
	const char *path = stage.family == AF_INET ? "/proc/self/net/tcp" : "/proc/self/net/tcp6";
	FILE *table = fopen(path, "re");
	char line[512];
	struct stat status;
	long found = -1;

	if (!table || fstat(fd, &status))
		give_up("read %s", path);
	while (fgets(line, sizeof(line), table)) {
		unsigned long unread, inode;

		if (sscanf(line, "%*s %*s %*s %*s %*x:%lx %*s %*s %*s %*s %lu", &unread, &inode) == 2 && inode == status.st_ino)
			found = unread;
	}
	fclose(table);
	return found;
}

static void say_listed(struct conn *conn)
{
	for (int i = 0; i < 2; i++) {
		say("nothing unread: listed %ld", listed_unread(conn->fd));
		send_now(700);
		settle();
		say("unread: listed %ld", listed_unread(conn->fd));
		take(conn, 700);
	}
	send_no_more();
}

static void memory(struct conn *conn)
{
	uint32_t words[SK_MEMINFO_VARS] = { 0 };
	socklen_t length = sizeof(words);

	for (int i = 0; i < 2; i++) {
		send_now(20000);
		settle();
		if (getsockopt(conn->fd, SOL_SOCKET, SO_MEMINFO, words, &length))
			give_up("SO_MEMINFO: %s", strerrorname_np(errno));
		say("unread bytes are accounted for: %d", words[SK_MEMINFO_RMEM_ALLOC] >= 20000);
		take(conn, 20000);
		getsockopt(conn->fd, SOL_SOCKET, SO_MEMINFO, words, &length);
		say("all read: %d", words[SK_MEMINFO_RMEM_ALLOC] == 0);
	}
	send_no_more();
}

/* OutSegs of this network namespace. */
static long segments_sent(void)
{
	FILE *table = fopen("/proc/self/net/snmp", "re");
	char line[1024];
	long sent = -1;

	if (!table)
		give_up("read /proc/self/net/snmp");
	while (fgets(line, sizeof(line), table))
		sscanf(line, "Tcp: %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld", &sent);
	fclose(table);
	return sent;
}

static void say_segments(struct conn *conn)
{
	long before = segments_sent();

	turns(conn, MANY_TURNS, 500);
	say("200 messages in 100 segments at least: %d", segments_sent() - before >= 100);
}

/* Asks for TCP's counters in three ways: TCP_INFO, /proc/net/tcp and /proc/net/snmp. */
static void ask_counters(struct conn *conn)
{
	say_info(conn);
	feed(conn);
	say_segments(conn);
}

static void answer_and_ask_counters(struct conn *conn)
{
	answer_turns(conn, TURNS, 500);
	say_listed(conn);
	answer_turns(conn, MANY_TURNS, 500);
}

const struct probe_case counters[] = {
	{ "tcp-counters", "TCP’s counters: TCP_INFO counts bytes and segments, /proc/net/tcp shows what is unread, /proc/net/snmp counts segments",
	  ask_counters, answer_and_ask_counters, BOTH_WAYS },
	{ "so-meminfo", "SO_MEMINFO accounts for what is unread", feed, memory, TO_SERVER },
	END_OF_ROWS
};
