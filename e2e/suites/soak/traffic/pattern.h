/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a stream. Each word of eight bytes is a reversible scramble of the stream's number and the word's index in the stream,
 * so that stray bytes show from which stream and which place they come. */
#ifndef SOAK_PATTERN_H
#define SOAK_PATTERN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A word's name: the stream's number in the high bits, the word's index in the low bits. 2^34 words are 128 GiB. */
#define INDEX_BITS 34
#define WORD 8

/* The finaliser of splitmix64, and then its inverse, which exists because both multipliers are odd and xor-shifts can be undone. */
static inline uint64_t scramble(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline uint64_t unscramble(uint64_t z)
{
	z = (z ^ (z >> 31) ^ (z >> 62)) * 0x319642b2d24d8ec3ULL;
	z = (z ^ (z >> 27) ^ (z >> 54)) * 0x96de1b173f119089ULL;
	return z ^ (z >> 30) ^ (z >> 60);
}

/* Writes bytes [position, position + length) of a stream. */
static void fill(uint8_t *to, uint64_t stream, uint64_t position, size_t length)
{
	uint64_t skip = position % WORD, name = stream << INDEX_BITS | (position / WORD), word;
	size_t i;

	if (skip) {
		size_t head = WORD - skip < length ? WORD - skip : length;

		word = scramble(name++);
		memcpy(to, (uint8_t *)&word + skip, head);
		to += head;
		length -= head;
	}
	for (i = 0; i + WORD <= length; i += WORD) {
		word = scramble(name++);
		memcpy(to + i, &word, WORD);
	}
	if (i < length) {
		word = scramble(name);
		memcpy(to + i, &word, length - i);
	}
}

/* Finds the stream and place of bytes. Returns true when two successive words have the names of neighbours; the first bytes may be wrong. */
static bool identify(const uint8_t *bytes, size_t length, uint64_t *stream, uint64_t *position)
{
	for (size_t at = 0; at <= WORD && at + 2 * WORD <= length; at++) {
		uint64_t words[2];

		memcpy(words, bytes + at, sizeof(words));
		if (unscramble(words[0]) + 1 != unscramble(words[1]))
			continue;
		*stream = unscramble(words[0]) >> INDEX_BITS;
		*position = (unscramble(words[0]) & ((1ULL << INDEX_BITS) - 1)) * WORD - at;
		return true;
	}
	return false;
}

#endif
