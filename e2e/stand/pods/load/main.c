/* All load programs of the benchmark in one binary: the first argument names the program to run. */
#include "common.h"
#include <errno.h>
#include <string.h>

struct program {
	const char *name;
	int words;
	void (*run)(char **words);
};

static const struct program programs[] = {
	{ "serve", 4, serve }, { "turns", 4, turns }, { "brief", 3, brief }, { "stream", 4, stream },
	{ "stall", 5, stall }, { "hoard", 6, hoard }, { "idle", 4, idle },   { "calls", 0, calls },
};

int main(int count, char **words)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		if (count != programs[i].words + 2 || strcmp(words[1], programs[i].name) != 0)
			continue;
		programs[i].run(words + 2);
		return 0;
	}
	errno = EINVAL;
	fail("the command line");
}
