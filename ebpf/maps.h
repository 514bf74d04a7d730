/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every map, pinned by name so that it outlives the agent. */
#ifndef SIDECAR_ACCELERATION_MAPS_H
#define SIDECAR_ACCELERATION_MAPS_H

#include "kernel.h"
#include "connections.h"
#include <bpf/bpf_helpers.h>

#define PINNED __uint(pinning, LIBBPF_PIN_BY_NAME)

/* Written by the agent, read on every callback and message: behaviour is switched here, never by detaching. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
	PINNED;
} settings_map SEC(".maps");

/* Selected pods by the inode number of their network namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PODS);
	__type(key, __u32);
	__type(value, struct pod);
	PINNED;
} pods SEC(".maps");

/* Addresses of this node's pods, selected or not. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ADDRESSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct address);
	__type(value, struct address_location);
	PINNED;
} addresses SEC(".maps");

/* Which namespace has which slot; only the agent reads it, after a restart. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_NAMESPACES);
	__type(key, __u32);
	__type(value, struct namespace_name);
	PINNED;
} namespaces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_NAMESPACES);
	__type(key, __u32);
	__type(value, struct statistics);
	PINNED;
} statistics SEC(".maps");

/* What the node has taken of what settings.node bounds. A joined connection holds two places in the SOCKHASH, given back by
 * whoever deletes its row in origdsts; since 5.16 the socket itself stays until close(). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct share);
	PINNED;
} usage SEC(".maps");

/* The same of each pod, by its network namespace. The agent makes a row before it selects the pod, and takes it away when
 * nothing of the pod is left. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SHARES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct share);
	PINNED;
} shares SEC(".maps");

/* Leases of ends that closed while their messages lay unread, by the cookie of the socket where they lie. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SOCKETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct debt);
	PINNED;
} debts SEC(".maps");

/* The rendezvous: connecting ends that wait for their accepting end, microseconds each. LRU, so that ends whose
 * handshake never finishes cannot fill it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_PENDING);
	__type(key, struct handshake);
	__type(value, struct pending_connect);
	PINNED;
} pending SEC(".maps");

/* The same for connections that are joined after they were opened: ends that a visit found worth joining. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_PENDING);
	__type(key, struct handshake);
	__type(value, struct pending_connect);
	PINNED;
} candidates SEC(".maps");

/* Whether connections to a destination were worth joining. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_DESTINATIONS);
	__type(key, struct target);
	__type(value, struct history);
	PINNED;
} destinations SEC(".maps");

/* Ends of short-lived connections, by cookie. Preallocated: a socket's own storage is ten times as dear to make. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SAMPLED);
	__type(key, __u64);
	__type(value, struct sampled_connection);
	PINNED;
} sampled SEC(".maps");

/* How programs read, by the cgroup v2 id of their container; and the sockets of those that splice, by cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, struct reader_traits);
	PINNED;
} containers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, struct reader_traits);
	PINNED;
} spliced SEC(".maps");

/* Containers whose programs were seen while they read over TCP, and how many bytes at once (proven.h);
 * how they read more nobody knows, nor how others read. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, __u32);
	PINNED;
} seen_readers SEC(".maps");

/* Left by the accepting end under the connecting end's cookie, taken with its first message: a program can
 * reach only the storage of its own socket. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SOCKETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct pairing_result);
	PINNED;
} pairing_results SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_state);
	PINNED;
} socket_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, MAX_SOCKETS);
	__type(key, __u64);
	__type(value, __u64);
	PINNED;
} sockets SEC(".maps");

/* Joined connections, by the cookie of their accepting end. Whoever deletes a row owns what follows from it. */
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
