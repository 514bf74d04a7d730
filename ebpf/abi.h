/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Types that the programs share with user space. The agent reads their sizes, offsets and enumerators from the BTF of the
 * object, so that no layout is written twice. A change of any layout raises ABI_VERSION. */
#ifndef SIDECAR_ACCELERATION_ABI_H
#define SIDECAR_ACCELERATION_ABI_H

#include <linux/types.h>

/* An initialiser does not write the padding of a struct, and the verifier of some kernels refuses unwritten bytes in the argument
 * of a helper. So every padding here is a member with a name. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"

/* An enumerator, because the BTF has no macros. */
enum abi_version {
	ABI_VERSION = 9,
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
#define MAX_SPLICED 16384
#define NAMESPACE_NAME_SIZE 64

enum mode {
	MODE_OFF = 0,
	MODE_OBSERVE = 1,
	MODE_ACCELERATE = 2,
};

/* The way of a connection. Bits: settings.paths is a sum of them. */
enum path_kind {
	PATH_NONE = 0,
	PATH_POD_LOCAL = 1,  /* both ends are in one pod */
	PATH_NODE_LOCAL = 2, /* the ends are in two pods of this node */
};

/* Why a connection end is accelerated or stays on TCP. An open end has exactly one reason. The names after REASON_ are the
 * connection reasons of operator/api/reasons.ts. */
enum reason {
	REASON_NONE = 0, /* the status does not count the end; as the result of a check of an end: nothing keeps it from joining */
	REASON_ACCELERATED,
	REASON_PAIRING, /* in the SOCKHASH; the peer has not been found yet */
	REASON_PEER_ELSEWHERE,
	REASON_PEER_NOT_SELECTED,
	REASON_PATH_NOT_SELECTED,
	REASON_BLOCKING_READER,
	REASON_UNSUPPORTED_SOCKET,
	REASON_LIMIT_REACHED,
	REASON_SOCKET_IN_USE,
	REASON_OBSERVING,   /* opened while the mode was Observe: counted, never in the SOCKHASH */
	REASON_LEARNING,    /* on TCP until the datapath knows how connections to this destination behave */
	REASON_SHORT_LIVED, /* connections to this destination close before joining them pays */
	REASON_ONE_WAY,	    /* a stream without answers, which TCP carries better */
	REASON_SPLICING_READER,
	REASON_COUNTING_READER,
	REASON_UNWATCHED_READER,  /* this kernel has no means to see how programs read */
	REASON_BANDWIDTH_LIMITED, /* the bandwidth of one of the two pods is limited outside of the pod, packet by packet */
	REASON_PEER_OWN_KERNEL,	  /* the peer's pod has a kernel of its own */
	REASON_COUNT,
};

/* Why one message of a joined connection went over TCP. The names after GATE_ are in the status of the resource. */
enum gate {
	GATE_OPEN = 0,	      /* the message was redirected */
	GATE_MODE,	      /* the mode is no longer Accelerate */
	GATE_UNPAIRED,	      /* the peer is not known yet */
	GATE_DESELECTED,      /* the path, or the pod of an end, is no longer selected */
	GATE_PEER_GONE,	      /* the peer is closed or has left the SOCKHASH */
	GATE_CLOSING,	      /* an end has sent its FIN */
	GATE_UNACCEPTED,      /* the program of the peer has not called accept() yet */
	GATE_BLOCKING_READER, /* the peer's file has no O_NONBLOCK */
	GATE_ORDER,	      /* earlier bytes are still unread in the peer's TCP queue */
	GATE_SPILL,	      /* unread messages cost as much as this connection, its pod or the node may have */
	GATE_LEAVING,	      /* the connection is about to leave the SOCKHASH */
	GATE_WARM_UP,	      /* where nothing is learnt, the first messages go over TCP and show how the peer reads */
	GATE_CORKED,	      /* TCP_CORK: TCP is to put the bytes together */
	GATE_REFRESH,	      /* now and then a message goes over TCP, so that conntrack sees the connection and TCP measures its timer */
	GATE_UNPROVEN,	      /* longer than any message that the container of the peer was seen to read over TCP */
	GATE_LARGE,	      /* so long that TCP is as fast, because TCP makes the sender wait */
	GATE_COUNT,
};

/* Which receive queues of a socket in the SOCKHASH ioctl(FIONREAD) counts; bits. Kernels differ (net/ipv4/tcp_bpf.c,
 * tcp_bpf_ioctl()), so the agent tries the running kernel before it loads the object. */
enum fionread {
	FIONREAD_UNKNOWN = 0,
	FIONREAD_TCP = 1,
	FIONREAD_REDIRECTED = 2,
};

/* What the running kernel has and how it behaves. The agent writes these constants before it loads the object. */
struct kernel_features {
	enum fionread fionread;	   /* a sum of the bits */
	__u8 original_addr_helper; /* has the helper bpf_sk_original_addr(), which is openEuler's own */
	__u8 readonly_cast;	   /* has bpf_rdonly_cast(), since 6.2 */
	__u8 scan_callbacks;	   /* lets a scan ask for the callbacks of an open socket, since 6.12 */
	__u8 rcvbuf_refuses;	   /* refuses a redirect once the peer's sk_rmem_alloc has reached its sk_rcvbuf */
};

/* How the original destination of a connection was found. */
enum origin {
	ORIGIN_RENDEZVOUS = 0,
	ORIGIN_HELPER = 1,
};

/* The most that a pod, or the node, may take. */
struct limits {
	__u64 sockets; /* connection ends in the SOCKHASH */
	__u64 ends;    /* connection ends with a socket state, in the SOCKHASH or not */
	__u64 unread;  /* bytes of kernel memory for redirected messages until they are read */
};

/* How much of its limits a pod, or the node, has taken. Signed, so that a lost count cannot look like a share that is used up. */
struct share {
	__s64 sockets;
	__s64 ends;
	__s64 unread; /* what unread messages cost that the pod's programs have sent */
	__s64 held;   /* what unread messages cost that lie at the pod's sockets, whoever has sent them; the limit is that of `unread` */
};

/* `abi` and `mode` keep their place in every version, because a newer agent switches an older datapath off by them. */
struct settings {
	enum abi_version abi;
	enum mode mode;
	__u32 paths;
	__u32 spill_bytes;
	struct limits node;
	struct limits pod;
	__u64 epoch;	 /* grows with a change of settings, selection or reader traits; each end then checks all three again */
	__u32 learns;	 /* 1: connections to unknown destinations start on TCP, and scans adopt them */
	__u32 warm_up;	 /* how many first messages of a connection end go over TCP */
	__u32 unwatched; /* 1: this kernel has no means to see how programs read */
	__u32 watch;	 /* 0: readers are not watched now; else a number that is new each time watching begins */
};

/* How programs of a container were seen to read TCP sockets. Bits. */
enum reader_trait {
	TRAIT_SPLICES = 1,	     /* by splice(2), which does not see redirected bytes */
	TRAIT_ASKS_FIONREAD = 2,     /* after ioctl(FIONREAD), which on most kernels counts one of the two queues */
	TRAIT_ACCEPTS_POLLING = 4,   /* accepted sockets had O_NONBLOCK when they had sent their first answer */
	TRAIT_ACCEPTS_BLOCKING = 8,  /* accepted sockets had no O_NONBLOCK by then */
	TRAIT_SPLICES_UNLISTED = 16, /* by splice(2), from a socket for which `spliced` had no room: any socket of the container may be one */
};

struct reader_traits {
	enum reader_trait bits; /* a sum */
};

struct pod {
	__u32 slot;   /* of its namespace: the key in `statistics` and `namespaces` */
	__u32 shaped; /* 1: the bandwidth between pod and node is limited; inside the pod it is not */
};

struct namespace_name {
	char name[NAMESPACE_NAME_SIZE];
};

/* IPv6, or IPv4 as ::ffff:a.b.c.d; network byte order. */
struct address {
	__u8 bytes[16];
};

/* Whose address it is. */
enum location {
	LOCATION_SELECTED = 1,	 /* a selected pod of this node */
	LOCATION_NEIGHBOUR = 2,	 /* a pod of this node that is not selected */
	LOCATION_OWN_KERNEL = 3, /* a pod of this node that has a kernel of its own: gVisor, a virtual machine */
};

struct address_location {
	enum location location;
	__u32 netns; /* of the selected pod that has the address; 0: none, or several */
};

/* The port is in host byte order. */
struct endpoint {
	struct address address;
	__u16 port;
	__u16 pad;
};

/* Lengths of the arrays of struct statistics. They are powers of two, so that an index can be masked. */
#define REASON_SLOTS 32
#define GATE_SLOTS 16

/* What is counted for one namespace on one CPU. Gauges are right as a sum over all CPUs; the part of one CPU may be negative. */
struct statistics {
	__s64 reasons[REASON_SLOTS]; /* gauges: open connection ends by their reason */
	__u64 gates[GATE_SLOTS];     /* messages by the gate that sent them over TCP */
	__u64 fast_bytes;	     /* bytes that were redirected */
	__u64 tcp_bytes;	     /* bytes sent over TCP */
	__s64 adopted;		     /* gauge: accelerated ends that were open before they were joined */
	__u64 left;		     /* connections that left the SOCKHASH while they were open */
	__u64 woken;		     /* readers that were woken for bytes of TCP that lay unread */
	__u64 unseen;		     /* connections that could not be counted: no memory, or a limit was reached */
	__u64 unfollowed;	     /* connections that opened without a socket state or a row (sampling.h); a scan follows those that stay open */
};

/* What a scan, or a check of the SOCKHASH, has found out about one socket. */
enum finding {
	FINDING_UNREAD = 1,	/* redirected bytes are unread */
	FINDING_STEP,		/* the connection took a step of its adoption or departure; another scan takes the next one */
	FINDING_LEAVING,	/* the socket has to leave the SOCKHASH, and nothing is unread there */
	FINDING_UNKNOWN_READER, /* the socket could join, and its program has read since the last scan: if that was watched, the reader is known */
};

/* What a scan writes to the reader of the iterator, for each socket with a finding. */
struct scan_record {
	enum finding finding;
	__u32 netns;
	__u64 container;
	__u32 proven; /* with FINDING_UNKNOWN_READER: bytes that the program has read at once */
	__u32 pad;
};

/* The packet by which user space checks sockets of the SOCKHASH (check.h). It never travels: it is the input of BPF_PROG_TEST_RUN. Each
 * place holds the cookie of a socket, or 0, and the program writes a struct socket_check over it. */
enum check {
	CHECK_FIRST = 16,  /* offset of the first place, in bytes */
	CHECK_PLACES = 64, /* places in a packet */
};

struct socket_check {
	enum finding finding; /* 0: nothing */
	__u32 netns;
};

/* One connection end as it is now. The program describe_connections writes it to the reader of the iterator. */
struct description {
	__u64 cookie;
	__u64 peer_cookie; /* 0: the peer is not known */
	__u64 fast_bytes;  /* sent by redirect */
	__u64 tcp_bytes;   /* sent over TCP */
	__u32 rtt_us;	   /* the smoothed round-trip time that TCP measured last */
	__u32 netns;
	__u32 peer_netns;
	enum reason reason; /* REASON_NONE: the end is not counted */
	struct endpoint local;
	struct endpoint remote;
	__u8 accepting;	 /* 1: the end was accepted; 0: it has connected */
	__u8 departures; /* how often the end has left the SOCKHASH while it was open */
	__u8 pad[6];
};

/* A row of the original-destination map. The key is the cookie of the accepting socket. */
struct origdst {
	__u64 client_cookie;
	__u32 slot; /* of the client's namespace */
	enum path_kind path;
	enum origin origin;
	__u32 pad;
	struct endpoint client;
	struct endpoint original;   /* what the client asked for */
	struct endpoint redirected; /* where the rules of its pod sent it */
	__u32 pad_end;
};

#pragma GCC diagnostic pop

_Static_assert(REASON_COUNT <= REASON_SLOTS && GATE_COUNT <= GATE_SLOTS, "enlarge the arrays");

#endif
