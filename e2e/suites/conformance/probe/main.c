// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Command line: `probe cases` lists the cases. `probe run CASE --client NETNS --server NETNS --connect ADDRESS --port N ...`
 * plays a case and prints what was observed. */
#define _GNU_SOURCE
#include "families.h"
#include "play.h"
#include "../../../../ebpf/connections.h"
#include <arpa/inet.h>
#include <getopt.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct stage stage = { .ends = -1 };

static _Noreturn void refuse(const char *what, const char *word)
{
	fprintf(stderr, "probe: %s: %s\n", what, word);
	exit(2);
}

static const struct probe_case *find_in(const struct probe_case *family, const char *name)
{
	for (const struct probe_case *row = family; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}

static const struct probe_case *find(const char *name)
{
	const struct probe_case *found = find_in(changeover, name);

	for (size_t i = 0; families[i] && !found; i++)
		found = find_in(families[i], name);
	if (!found)
		refuse("no such case; `probe cases` lists them", name);
	return found;
}

static void list(void)
{
	static const char *subjects[] = { [TO_SERVER] = "to-server", [TO_CLIENT] = "to-client", [BOTH_WAYS] = "both-ways" };

	for (size_t i = 0; families[i]; i++)
		for (const struct probe_case *row = families[i]; row->name; row++)
			printf("%s\t%s\t%s\t%s\n", row->name, subjects[row->subject], row->slow ? "slow" : "quick", row->about);
}

static int open_pinned(const char *path)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	if (fd < 0)
		refuse(path, strerror(errno));
	return fd;
}

/* A lookup copies as many bytes as the map's value has, whatever size this program was compiled with. So the sizes must be equal. */
static int open_ends(const char *path)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr;
	int fd = open_pinned(path);

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)))
		refuse(path, strerror(errno));
	if (info.value_size != sizeof(struct socket_state))
		refuse("the probe was compiled for another datapath; build it again", path);
	return fd;
}

static void set_target(const char *address, int port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&stage.target;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&stage.target;

	stage.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	stage.target.ss_family = stage.family;
	if (inet_pton(stage.family, address, stage.family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr) != 1)
		refuse("not an address", address);
	if (stage.family == AF_INET)
		v4->sin_port = htons(port);
	else
		v6->sin6_port = htons(port);
}

static void print(const char *side, const struct transcript *said)
{
	static const char *outcomes[] = { [HUNG] = "hung", [FINISHED] = "finished", [GAVE_UP] = "gave-up", [UNSUPPORTED] = "unsupported" };
	char line[512];
	FILE *text = fmemopen((void *)said->text, said->length ? said->length : 1, "r");

	printf("%s outcome %s\n", side, outcomes[said->outcome]);
	printf("%s speed %llu %llu %u %u\n", side, (unsigned long long)said->fast_bytes, (unsigned long long)said->tcp_bytes, said->standing,
	       said->gate);
	while (said->length && fgets(line, sizeof(line), text))
		printf("%s said %s", side, line);
	fclose(text);
}

int main(int count, char **words)
{
	enum { CLIENT = 1, SERVER, CONNECT, PORT, LISTEN_PORT, CLIENT_UID, TRANSPARENT, SMALL, ENDS };
	static const struct option options[] = {
		{ "client", 1, NULL, CLIENT },
		{ "server", 1, NULL, SERVER },
		{ "connect", 1, NULL, CONNECT },
		{ "port", 1, NULL, PORT },
		{ "listen-port", 1, NULL, LISTEN_PORT },
		{ "client-uid", 1, NULL, CLIENT_UID },
		{ "transparent", 0, NULL, TRANSPARENT },
		{ "small", 0, NULL, SMALL },
		{ "ends", 1, NULL, ENDS },
		{ NULL, 0, NULL, 0 },
	};
	const char *client = NULL, *server = NULL, *address = NULL;
	const struct transcript *said;
	int option, port = 0;

	if (count == 2 && !strcmp(words[1], "cases")) {
		list();
		return 0;
	}
	while ((option = getopt_long(count, words, "", options, NULL)) != -1) {
		switch (option) {
		case CLIENT:
			client = optarg;
			break;
		case SERVER:
			server = optarg;
			break;
		case CONNECT:
			address = optarg;
			break;
		case PORT:
			port = atoi(optarg);
			break;
		case LISTEN_PORT:
			stage.listen_port = atoi(optarg);
			break;
		case CLIENT_UID:
			stage.client_uid = atoi(optarg);
			break;
		case TRANSPARENT:
			stage.transparent = true;
			break;
		case SMALL:
			stage.small = true;
			break;
		case ENDS:
			stage.ends = open_ends(optarg);
			break;
		default:
			return 2;
		}
	}
	if (count - optind != 2 || strcmp(words[optind], "run") || !client || !server || !address || !port)
		refuse("usage", "probe cases | probe run CASE --client NETNS --server NETNS --connect ADDRESS --port N");
	if (!stage.listen_port)
		stage.listen_port = port;
	set_target(address, port);
	said = play(find(words[optind + 1]), client, server);
	print("client", &said[0]);
	print("server", &said[1]);
	return 0;
}
