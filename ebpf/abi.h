/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shapes that the programs share with user space. The agent reads sizes, offsets and enumerators from the
 * object's BTF, so nothing here is written a second time; a change of any shape raises ABI_VERSION. */
#ifndef SIDECAR_ACCELERATION_ABI_H
#define SIDECAR_ACCELERATION_ABI_H

#include <linux/types.h>

/* an enumerator rather than a macro, so that it stands in the BTF */
enum abi_version {
	ABI_VERSION = 1,
};

#define MAX_NAMESPACES 1024
#define MAX_PODS 4096
#define MAX_ADDRESSES 16384
#define MAX_SOCKETS 262144
#define MAX_PENDING 65536
#define NAMESPACE_NAME_SIZE 64

enum mode {
	MODE_OFF = 0,
	MODE_OBSERVE = 1,
	MODE_ACCELERATE = 2,
};

/* Bits: settings.paths is their sum. */
enum path_kind {
	PATH_NONE = 0,
	PATH_POD_LOCAL = 1,
	PATH_NODE_LOCAL = 2,
};

/* Why an open connection end is or is not accelerated; one at a time. After STANDING_, the names are the
 * connection reasons of operator/api/reasons.ts. */
enum standing {
	STANDING_NONE = 0,
	STANDING_ACCELERATED,
	STANDING_PAIRING,
	STANDING_PEER_ELSEWHERE,
	STANDING_PEER_NOT_SELECTED,
	STANDING_PATH_NOT_SELECTED,
	STANDING_BLOCKING_READER,
	STANDING_UNSUPPORTED_SOCKET,
	STANDING_LIMIT_REACHED,
	STANDING_SOCKET_IN_USE,
	STANDING_OBSERVING,	/* opened while the mode was Observe: counted, never in the map */
	STANDING_COUNT,
};

/* What turned one message of a joined connection back to TCP. */
enum gate {
	GATE_OPEN = 0,
	GATE_MODE,		/* the mode is no longer Accelerate */
	GATE_UNPAIRED,		/* the peer is not known yet */
	GATE_DESELECTED,	/* an end's pod or the path is no longer selected */
	GATE_PEER_GONE,		/* the peer is closed or left the map */
	GATE_CLOSING,		/* an end has sent its FIN */
	GATE_UNACCEPTED,	/* the peer has not been accepted by its program yet */
	GATE_BLOCKING_READER,	/* the peer's file lacks O_NONBLOCK */
	GATE_ORDER,		/* earlier bytes are still unread in the peer's TCP queue */
	GATE_SPILL,		/* the peer has spill_bytes unread on the fast path */
	GATE_COUNT,
};

enum origin {
	ORIGIN_RENDEZVOUS = 0,
	ORIGIN_HELPER = 1,
};

/* `abi` and `mode` keep their place in every version: a newer agent switches an older datapath off by them. */
struct settings {
	enum abi_version abi;
	enum mode mode;
	__u32 paths;
	__u32 spill_bytes;
	__u64 max_sockets;
	__u64 epoch;		/* grows whenever the selection changes; ends then look at it again */
};

struct pod {
	__u32 slot;		/* index into counters and namespaces */
	__u32 pad;
};

struct namespace_name {
	char name[NAMESPACE_NAME_SIZE];
};

/* IPv6, or IPv4 as ::ffff:a.b.c.d; network byte order. */
struct address {
	__u8 bytes[16];
};

enum locality {
	LOCALITY_SELECTED = 1,
	LOCALITY_NEIGHBOUR = 2,	/* a pod of this node that is not selected */
};

struct place {
	enum locality locality;
};

/* port in host byte order */
struct endpoint {
	struct address address;
	__u16 port;
	__u16 pad;
};

/* Lengths of the arrays below: powers of two, so that an index can be masked. */
#define STANDING_SLOTS 16
#define GATE_SLOTS 16

/* Of one namespace on one CPU. standing[] are gauges whose sum over CPUs counts; single CPUs may be negative. */
struct tally {
	__s64 standing[STANDING_SLOTS];
	__u64 gate[GATE_SLOTS];
	__u64 fast_messages;
	__u64 fast_bytes;
	__u64 tcp_bytes;
};

/* Both initial sequence numbers plus one, as the connecting side saw them at ESTABLISHED. */
struct handshake {
	__u32 client_next;
	__u32 server_next;
};

/* The connecting end, waiting for its accepting end. */
struct half {
	__u64 cookie;
	__u64 sock;		/* kernel address, only ever probe-read and checked by cookie */
	__u32 netns;
	__u32 slot;
	enum standing standing;	/* STANDING_PAIRING, or why the connecting end stays on TCP */
	__u32 pad;
	struct endpoint client;
	struct endpoint original;
};

/* What the accepting end leaves for the connecting end: itself, or (cookie 0) why it stays on TCP. */
struct joint {
	__u64 cookie;
	__u64 sock;
	__u32 netns;
	enum path_kind path;
	enum standing standing;
	__u32 pad;
};

/* One connection end: the socket's own memory. */
struct end {
	__u64 cookie;
	__u64 peer_cookie;	/* 0 until paired */
	__u64 peer_sock;
	__u64 backlog;		/* bytes redirected since the peer's queue was last seen empty */
	__u64 tcp_bytes;	/* bytes already counted as sent over TCP */
	__u64 fast_bytes;
	__u64 epoch;
	__u32 slot;
	__u32 netns;
	__u32 peer_netns;
	enum path_kind path;
	enum standing standing;
	enum gate gate;		/* of the last message */
	struct handshake handshake;
	__u8 in_map;
	__u8 accepting;
	__u8 own_rtt_flag;	/* the RTT callback was switched on by us */
	__u8 selected;		/* both pods were selected at `epoch` */
	__u32 pad;
};

/* A row of the original-destination map, keyed by the accepting socket's cookie. */
struct origdst {
	__u64 client_cookie;
	__u32 slot;
	enum path_kind path;
	enum origin origin;
	__u32 pad;
	struct endpoint client;
	struct endpoint original;
	struct endpoint redirected;
};

_Static_assert(STANDING_COUNT <= STANDING_SLOTS && GATE_COUNT <= GATE_SLOTS, "enlarge the arrays");

#endif
