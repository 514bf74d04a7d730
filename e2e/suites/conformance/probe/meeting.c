// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the two sides say, and how they wait for each other: by a socket pair beside the connection under test. */
#define _GNU_SOURCE
#include "probe.h"
#include "transcript.h"
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct transcript *transcript;
int other_side = -1;

static void vsay(const char *prefix, const char *format, va_list words)
{
	char line[512];
	int length = snprintf(line, sizeof(line), "%s", prefix);

	vsnprintf(line + length, sizeof(line) - length, format, words);
	length = snprintf(transcript->text + transcript->length, sizeof(transcript->text) - transcript->length, "%s\n", line);
	if (transcript->length + length < sizeof(transcript->text))
		transcript->length += length;
}

void say(const char *format, ...)
{
	va_list words;

	va_start(words, format);
	vsay("", format, words);
	va_end(words);
}

void give_up(const char *format, ...)
{
	va_list words;

	va_start(words, format);
	vsay("gave up: ", format, words);
	va_end(words);
	transcript->outcome = GAVE_UP;
	_exit(0);
}

void unsupported(const char *format, ...)
{
	va_list words;

	va_start(words, format);
	transcript->length = 0;
	vsay("", format, words);
	va_end(words);
	transcript->outcome = UNSUPPORTED;
	_exit(0);
}

void say_result(const char *what, ssize_t result)
{
	if (result < 0)
		say("%s %s", what, strerrorname_np(errno));
	else
		say("%s %zd", what, result);
}

void say_events(const char *what, int events)
{
	static const struct {
		int bit;
		const char *name;
	} names[] = {
		{ POLLIN, "IN" }, { POLLPRI, "PRI" }, { POLLOUT, "OUT" }, { POLLERR, "ERR" }, { POLLHUP, "HUP" }, { POLLRDHUP, "RDHUP" },
	};
	char text[64] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (events & names[i].bit)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", names[i].name);
	say("%s%s", what, *text ? text : " nothing");
}

void tell(long value)
{
	if (write(other_side, &value, sizeof(value)) != sizeof(value))
		give_up("the other side has ended");
}

long hear(void)
{
	long value;

	if (read(other_side, &value, sizeof(value)) != sizeof(value))
		give_up("the other side has ended");
	return value;
}

void meet(void)
{
	tell(0);
	hear();
}

/* In a run by hand nothing carries out the order: the read then finds standard input at its end. */
void order(const char *what)
{
	char done;

	dprintf(STDOUT_FILENO, "order %s\n", what);
	if (read(STDIN_FILENO, &done, 1) < 0)
		give_up("order %s: %s", what, strerrorname_np(errno));
}

long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void nap(long ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* The upper limit is generous, because the machine may be busy, or emulated. */
const char *timing(long took_ms, long expected_ms)
{
	if (took_ms < expected_ms * 3 / 4)
		return "at once";
	return took_ms < expected_ms * 4 + 2000 ? "in time" : "late";
}

void say_prompt(const char *what, long since_ms)
{
	say("%s %s", what, now_ms() - since_ms < 1000 ? "within a second" : "late");
}
