/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts what each pod and the node have taken of their limits (struct share, struct limits). All processors share these words, so they are
 * touched when a connection opens, joins or closes and when a lease changes (lease.h), and not with each message. */
#ifndef SIDECAR_ACCELERATION_SHARES_H
#define SIDECAR_ACCELERATION_SHARES_H

#include "statistics.h"

static __always_inline struct share *share_of_node(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&usage, &zero);
}

static __always_inline struct share *share_of_pod(__u32 netns)
{
	return bpf_map_lookup_elem(&shares, &netns);
}

/* The present value of a word, read from memory again each time. */
#define NOW(word) (*(volatile __s64 *)&(word))

/* Adds `n` to one word of the node's share and, where the pod has a share, of the pod's. */
#define ADD_TO_SHARES(in, n, word)                                                   \
	({                                                                           \
		struct share *of_node = share_of_node(), *of_pod = share_of_pod(in); \
                                                                                     \
		if (of_node)                                                         \
			ADD(of_node->word, (n));                                     \
		if (of_pod)                                                          \
			ADD(of_pod->word, (n));                                      \
	})

/* Takes `n` of both shares. Where that would pass a limit the result is false, and nothing is taken. The words are added to before they are
 * compared, so that two programs at a time never pass the limit together. */
#define TAKE_OF_SHARES(in, n, word, settings)                                                                              \
	({                                                                                                                 \
		struct share *of_node = share_of_node(), *of_pod = share_of_pod(in);                                       \
		__s64 node_limit = (settings)->node.word, pod_limit = (settings)->pod.word;                                \
		bool taken = false;                                                                                        \
                                                                                                                           \
		if (of_node && of_pod && NOW(of_node->word) + (n) <= node_limit && NOW(of_pod->word) + (n) <= pod_limit) { \
			ADD(of_node->word, (n));                                                                           \
			ADD(of_pod->word, (n));                                                                            \
			taken = NOW(of_node->word) <= node_limit && NOW(of_pod->word) <= pod_limit;                        \
			if (!taken) {                                                                                      \
				ADD(of_node->word, -(n));                                                                  \
				ADD(of_pod->word, -(n));                                                                   \
			}                                                                                                  \
		}                                                                                                          \
		taken;                                                                                                     \
	})

/* What unread messages cost counts for the pod that sends, for the pod where they lie, and for the node. So a pod that does not read uses up its own
 * share, and not those of the pods that answer it. */
static __always_inline void add_unread(__u32 sender, __u32 reader, __s64 bytes)
{
	struct share *held = share_of_pod(reader);

	ADD_TO_SHARES(sender, bytes, unread);
	if (held)
		ADD(held->held, bytes);
}

/* Takes so many bytes of all three shares; false where that would pass a limit, and nothing is taken. */
static __always_inline bool take_unread(__u32 sender, __u32 reader, __s64 bytes, const struct settings *settings)
{
	struct share *held = share_of_pod(reader);
	__s64 limit = settings->pod.unread;

	if (!held || NOW(held->held) + bytes > limit)
		return false;
	ADD(held->held, bytes);
	if (NOW(held->held) <= limit && TAKE_OF_SHARES(sender, bytes, unread, settings))
		return true;
	ADD(held->held, -bytes);
	return false;
}

/* Takes places in the SOCKHASH, or gives them back where `n` is negative. */
static __always_inline void count_places(__u32 netns, __s64 n)
{
	ADD_TO_SHARES(netns, n, sockets);
}

static __always_inline bool leaves_place(const struct share *share, const struct limits *limits)
{
	return share && share->sockets < (__s64)limits->sockets && share->unread < (__s64)limits->unread;
}

/* Whether the limits of the pod and of the node allow one more connection end in the SOCKHASH. An end that may redirect nothing there needs no
 * place. */
static __always_inline bool has_place(__u32 netns, const struct settings *settings)
{
	return leaves_place(share_of_node(), &settings->node) && leaves_place(share_of_pod(netns), &settings->pod);
}

/* Whether one more end may have a socket state. */
static __always_inline bool has_end_left(__u32 netns, const struct settings *settings)
{
	struct share *node = share_of_node(), *pod = share_of_pod(netns);

	return node && pod && node->ends < (__s64)settings->node.ends && pod->ends < (__s64)settings->pod.ends;
}

static __always_inline bool take_end(__u32 netns, const struct settings *settings)
{
	return TAKE_OF_SHARES(netns, 1, ends, settings);
}

static __always_inline void give_back_end(__u32 netns)
{
	ADD_TO_SHARES(netns, -1, ends);
}

#endif
