/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shapes that the programs share with user space. The agent reads sizes, offsets and enumerators from the
 * object's BTF, so nothing here is written a second time; a change of any shape raises ABI_VERSION. */
#ifndef SIDECAR_ACCELERATION_ABI_H
#define SIDECAR_ACCELERATION_ABI_H

#include <linux/types.h>

/* A kernel's verifier may refuse bytes that nobody wrote as a helper's argument, and initialising a struct leaves its
 * paddings alone. So there are none but those that have a name. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"

/* an enumerator rather than a macro, so that it stands in the BTF */
enum abi_version {
	ABI_VERSION = 8,
};

#define MAX_NAMESPACES 1024
#define MAX_PODS 4096
#define MAX_SHARES (2 * MAX_PODS)
#define MAX_ADDRESSES 16384
#define MAX_SOCKETS 262144
#define MAX_PENDING 65536
#define MAX_DESTINATIONS 65536
#define MAX_CONTAINERS 16384
#define MAX_SAMPLED 65536
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

/* Why an open connection end is or is not accelerated; one at a time. After REASON_, the names are the
 * connection reasons of operator/api/reasons.ts. */
enum reason {
	REASON_NONE = 0,
	REASON_ACCELERATED,
	REASON_PAIRING,
	REASON_PEER_ELSEWHERE,
	REASON_PEER_NOT_SELECTED,
	REASON_PATH_NOT_SELECTED,
	REASON_BLOCKING_READER,
	REASON_UNSUPPORTED_SOCKET,
	REASON_LIMIT_REACHED,
	REASON_SOCKET_IN_USE,
	REASON_OBSERVING,	/* opened while the mode was Observe: counted, never in the map */
	REASON_LEARNING,	/* on TCP until it is known how the destination's connections behave */
	REASON_SHORT_LIVED,	/* the destination's connections end before joining them pays */
	REASON_ONE_WAY,	/* a stream without answers: better off on TCP */
	REASON_SPLICING_READER,
	REASON_COUNTING_READER,
	REASON_UNWATCHED_READER,	/* nobody can see how its programs read */
	REASON_BANDWIDTH_LIMITED,	/* one of its two pods has a bandwidth that is kept outside of it, packet by packet */
	REASON_PEER_OWN_KERNEL,	/* the other end's sockets are another kernel's */
	REASON_COUNT,
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
	GATE_SPILL,		/* what lies unread costs as much as the connection, its pod or the node may */
	GATE_LEAVING,		/* the connection is on its way out of the map */
	GATE_WARM_UP,		/* where nothing is learnt, the first messages show how the peer reads */
	GATE_CORKED,		/* TCP_CORK: TCP keeps the bytes together */
	GATE_REFRESH,		/* now and then TCP shows conntrack and its own timers that the connection is alive */
	GATE_UNPROVEN,		/* longer than anything the peer's container was seen to read over TCP */
	GATE_LARGE,		/* so long that TCP, which makes its sender wait, is as fast */
	GATE_COUNT,
};

/* Bits: which receive queues of a socket in the SOCKHASH ioctl(FIONREAD) counts. Kernels differ (net/ipv4/tcp_bpf.c,
 * tcp_bpf_ioctl()), so the agent tries it before it loads. */
enum fionread {
	FIONREAD_UNKNOWN = 0,
	FIONREAD_TCP = 1,
	FIONREAD_REDIRECTED = 2,
};

/* Constants of the object: what the running kernel has, and how it behaves. */
struct kernel_features {
	enum fionread fionread;
	__u8 original_addr_helper;	/* openEuler's own */
	__u8 readonly_cast;		/* bpf_rdonly_cast(), since 6.2 */
	__u8 rcvbuf_refuses;		/* a redirect fails once the peer's sk_rmem_alloc has reached its sk_rcvbuf */
	__u8 pad;
};

enum origin {
	ORIGIN_RENDEZVOUS = 0,
	ORIGIN_HELPER = 1,
};

/* What is bounded for a pod and for the node. */
struct limits {
	__u64 sockets;	/* ends in the SOCKHASH */
	__u64 ends;	/* ends that are followed: each has memory of its own */
	__u64 unread;	/* bytes that redirected messages may cost the kernel until they are read */
};

/* What a pod, or the node, has of it. Signed, so that a lost count can never look like a full share. */
struct share {
	__s64 sockets;
	__s64 ends;
	__s64 unread;
};

/* `abi` and `mode` keep their place in every version: a newer agent switches an older datapath off by them. */
struct settings {
	enum abi_version abi;
	enum mode mode;
	__u32 paths;
	__u32 spill_bytes;
	struct limits node;
	struct limits pod;
	__u64 epoch;		/* grows when the selection or a container's habits change; ends then look again */
	__u32 learns;		/* connections to unknown destinations start on TCP, and are adopted by visits */
	__u32 warm_up;		/* messages of an end that go over TCP first */
	__u32 unwatched;	/* nothing on this kernel tells how programs read */
	__u32 watch;		/* 0 while readers are not watched; else another number each time they are */
};

/* Bits: how programs of a container were seen to read TCP sockets. */
enum reader_trait {
	TRAIT_SPLICES = 1,	/* splice(2) from a socket never sees what was redirected to it */
	TRAIT_ASKS_FIONREAD = 2,	/* ioctl(FIONREAD) on a socket in the map counts one of the two queues only */
	TRAIT_ACCEPTS_POLLING = 4,	/* sockets that it accepted had O_NONBLOCK when they had answered */
	TRAIT_ACCEPTS_BLOCKING = 8,	/* some had not */
};

struct reader_traits {
	enum reader_trait bits;	/* a sum of them */
};

struct pod {
	__u32 slot;		/* index into counters and namespaces */
	__u32 shaped;		/* 1: its bandwidth is limited where it meets the node; what stays in the pod is not */
};

struct namespace_name {
	char name[NAMESPACE_NAME_SIZE];
};

/* IPv6, or IPv4 as ::ffff:a.b.c.d; network byte order. */
struct address {
	__u8 bytes[16];
};

enum location {
	LOCATION_SELECTED = 1,
	LOCATION_NEIGHBOUR = 2,	/* a pod of this node that is not selected */
	LOCATION_OWN_KERNEL = 3,	/* a pod of this node that has a kernel of its own: gVisor, a virtual machine */
};

struct address_location {
	enum location location;
	__u32 netns;		/* of the one selected pod that has the address */
};

/* port in host byte order */
struct endpoint {
	struct address address;
	__u16 port;
	__u16 pad;
};

/* Lengths of the arrays below: powers of two, so that an index can be masked. */
#define REASON_SLOTS 32
#define GATE_SLOTS 16

/* Of one namespace on one CPU. standing[] are gauges whose sum over CPUs counts; single CPUs may be negative. */
struct statistics {
	__s64 reasons[REASON_SLOTS];
	__u64 gates[GATE_SLOTS];
	__u64 fast_messages;
	__u64 fast_bytes;
	__u64 tcp_bytes;
	__s64 adopted;		/* gauge: accelerated ends that were open before they were joined */
	__u64 left;		/* connections that went back to TCP while open */
	__u64 woken;		/* readers woken because unread bytes of theirs had been lying for a second */
	__u64 unseen;		/* connections that there was no memory or no room to keep count of */
};

/* What a visit or a look at a socket found; what a visit found is written to whoever reads the iterator. */
enum finding {
	FINDING_UNREAD = 1,	/* redirected bytes wait in its queue */
	FINDING_STEP,		/* one step towards being joined: visit again at once */
	FINDING_LEAVING,	/* it has to leave the map, and has nothing unread there */
	FINDING_UNKNOWN_READER,	/* could join, and has read since the last visit: who has seen how knows its container */
};

struct scan_record {
	enum finding finding;
	__u32 netns;
	__u64 container;
	__u32 proven;	/* of a stranger: bytes that it has read at once */
	__u32 pad;
};

/* Looking at sockets of the SOCKHASH: a packet that is only ever a test's, with a cookie in each place, or 0. What was found of
 * each socket takes the place of its cookie. */
enum check {
	CHECK_FIRST = 16,	/* offset of the first place */
	CHECK_PLACES = 64,
};

struct socket_check {
	enum finding finding;	/* 0 for nothing, and for a socket that is not there any more */
	__u32 netns;
};

/* One connection end as it is now; written to whoever reads the iterator of descriptions. */
struct description {
	__u64 cookie;
	__u64 peer_cookie;	/* 0 until paired */
	__u64 fast_bytes;	/* sent by redirect */
	__u64 tcp_bytes;	/* sent over TCP */
	__u32 rtt_us;		/* smoothed, as TCP measured it last */
	__u32 netns;
	__u32 peer_netns;
	enum reason reason;	/* REASON_NONE: not counted */
	struct endpoint local;
	struct endpoint remote;
	__u8 accepting;
	__u8 departures;
	__u8 pad[6];
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
	__u32 pad_end;
};

#pragma GCC diagnostic pop

_Static_assert(REASON_COUNT <= REASON_SLOTS && GATE_COUNT <= GATE_SLOTS, "enlarge the arrays");

#endif
