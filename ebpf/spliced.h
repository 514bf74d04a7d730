/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which sockets in the SOCKHASH were read by splice(2), which takes bytes from TCP's queue alone. Only such sockets have a row, so the rows of one pod
 * are no more than its places in the SOCKHASH. Where the rows of all pods fill the map, the container of a further socket gets a trait instead. */
#ifndef SIDECAR_ACCELERATION_SPLICED_H
#define SIDECAR_ACCELERATION_SPLICED_H

#include "maps.h"

/* False where there is no room for the row. */
static __always_inline bool list_spliced(__u64 cookie)
{
	__u32 yes = 1;

	return !bpf_map_update_elem(&spliced, &cookie, &yes, BPF_ANY);
}

static __always_inline bool is_spliced(__u64 cookie, __u64 container)
{
	struct reader_traits *traits;

	if (bpf_map_lookup_elem(&spliced, &cookie))
		return true;
	traits = bpf_map_lookup_elem(&containers, &container);
	return traits && traits->bits & TRAIT_SPLICES_UNLISTED;
}

/* Called when a socket leaves the SOCKHASH or closes. */
static __always_inline void unlist_spliced(__u64 cookie)
{
	bpf_map_delete_elem(&spliced, &cookie);
}

#endif
