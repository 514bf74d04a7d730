/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every map. Each is pinned by its name, so that it outlives the agent. */
#ifndef SIDECAR_ACCELERATION_MAPS_H
#define SIDECAR_ACCELERATION_MAPS_H

#include "kernel.h"
#include "connections.h"
#include <bpf/bpf_helpers.h>

#define PINNED __uint(pinning, LIBBPF_PIN_BY_NAME)

/* The agent writes the settings, and the programs read them at every callback and message. They alone switch behaviour: nothing is
 * detached for it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
	PINNED;
} settings_map SEC(".maps");

/* The selected pods. Key: inode number of the network namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PODS);
	__type(key, __u32);
	__type(value, struct pod);
	PINNED;
} pods SEC(".maps");

/* The addresses of this node's pods, selected or not. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ADDRESSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct address);
	__type(value, struct address_location);
	PINNED;
} addresses SEC(".maps");

/* The Kubernetes namespace of each slot. Only the agent reads it, after a restart. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_NAMESPACES);
	__type(key, __u32);
	__type(value, struct namespace_name);
	PINNED;
} namespaces SEC(".maps");

/* Gauges and sums. Key: slot of the namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_NAMESPACES);
	__type(key, __u32);
	__type(value, struct statistics);
	PINNED;
} statistics SEC(".maps");

/* What the node has taken of settings.node. A joined connection holds two places in the SOCKHASH. The program that deletes the row of
 * the connection in origdsts gives both back. (Since 5.16 the socket itself stays in the SOCKHASH until close().) */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct share);
	PINNED;
} usage SEC(".maps");

/* What each pod has taken of settings.pod. Key: network namespace. The agent makes the row before it selects the pod, and deletes it when
 * the pod holds nothing any more. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SHARES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct share);
	PINNED;
} shares SEC(".maps");

/* Leases of ends that closed while their messages lay unread. Key: cookie of the socket where the messages lie. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SOCKETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct debt);
	PINNED;
} debts SEC(".maps");

/* The rendezvous of connections that open: connecting ends that wait for their accepting end, for microseconds. The map is LRU, so
 * that ends whose handshake never finishes cannot fill it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_PENDING);
	__type(key, struct handshake);
	__type(value, struct pending_connect);
	PINNED;
} pending SEC(".maps");

/* The rendezvous of connections that are open: connecting ends that a scan has found worth joining. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_PENDING);
	__type(key, struct handshake);
	__type(value, struct pending_connect);
	PINNED;
} candidates SEC(".maps");

/* What connections to each destination were like. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_DESTINATIONS);
	__type(key, struct target);
	__type(value, struct history);
	PINNED;
} destinations SEC(".maps");

/* The ends of sampled connections. Key: cookie. Preallocated, because the storage of a socket costs ten times as much to make. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SAMPLED);
	__type(key, __u64);
	__type(value, struct sampled_connection);
	PINNED;
} sampled SEC(".maps");

/* How programs read. Key: cgroup v2 id of the container. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, struct reader_traits);
	PINNED;
} containers SEC(".maps");

/* Sockets in the SOCKHASH that were read by splice(2). Key: cookie. No program's rows evict those of another, because the order of bytes rests on
 * them. Preallocated, because tracing programs of older kernels must not allocate. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SPLICED);
	__type(key, __u64);
	__type(value, __u32);
	PINNED;
} spliced SEC(".maps");

/* How many bytes at once the programs of a container were seen to read over TCP (proven.h). Key: cgroup v2 id of the container. How its
 * programs read longer messages is not known, and of a container without a row nothing is known. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, __u32);
	PINNED;
} seen_readers SEC(".maps");

/* The pairing results that accepting ends leave for their connecting ends. They are in a map because a program can reach only the storage of its
 * own socket. Key: cookie of the connecting end. The connecting end takes its row when it sends its first message. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SOCKETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct pairing_result);
	PINNED;
} pairing_results SEC(".maps");

/* The socket state of each connection end that the datapath follows, joined or not. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_state);
	PINNED;
} socket_states SEC(".maps");

/* The SOCKHASH: the sockets that messages can be redirected to. Key: cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, MAX_SOCKETS);
	__type(key, __u64);
	__type(value, __u64);
	PINNED;
} sockets SEC(".maps");

/* The original-destination map: the joined connections. Key: cookie of the accepting end. The program that deletes a row also gives back the
 * places of both ends in the SOCKHASH. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SOCKETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct origdst);
	PINNED;
} origdsts SEC(".maps");

static __always_inline struct settings *current_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings_map, &zero);
}

#endif
