/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs keep of connections and their ends, and how one end finds the other. Shared by programs of several releases
 * through pinned maps: a change of any shape raises ABI_VERSION. */
#ifndef SIDECAR_ACCELERATION_CONNECTIONS_H
#define SIDECAR_ACCELERATION_CONNECTIONS_H

#include "abi.h"

/* As in abi.h: no padding without a name. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"

/* Both initial sequence numbers plus one, as the connecting side saw them at ESTABLISHED. */
struct handshake {
	__u32 client_next;
	__u32 server_next;
};

/* How one end finds another. Kernel addresses are only ever probe-read, and what is read is checked by cookie. */
struct identity {
	__u64 cookie;		/* 0: nobody */
	__u64 sock;		/* struct tcp_sock */
	__u64 state;		/* struct socket_state in the socket's storage */
	__u64 container;	/* cgroup v2 id of the program that opened the socket, or its listener */
	__u32 netns;
	__u32 slot;
};

/* The connecting end, waiting for its accepting end. */
struct pending_connect {
	struct identity identity;
	enum reason reason;	/* REASON_PAIRING, or why the connecting end stays on TCP */
	__u32 pad;
	struct endpoint client;
	struct endpoint original;
};

/* What the accepting end leaves for the connecting end: itself, or (cookie 0) why it stays on TCP. */
struct pairing_result {
	struct identity identity;
	enum path_kind path;
	enum reason reason;
};

/* What a destination's connections were like; `turns` is a moving average in sixteenths. */
struct target {
	__u32 netns;
	struct endpoint original;
};

struct history {
	__u32 turns;
	enum reason otherwise;	/* the reason to give where `turns` are too few */
};

/* The part of an end that its peer reads with every message. */
struct shown {
	__u64 cookie;
	struct handshake handshake;	/* zero while there is no connection: a cookie outlives it */
	__u64 redirected;	/* jiffies; when a message was last redirected */
	__u32 messages;		/* sent while in the map; wraps */
	__u8 leaving;		/* the standing it leaves the map with; 0 while it stays */
	__u8 in_map;
	__u8 quiet;		/* nothing is under way between the two, and neither redirects any more */
	__u8 unproven;		/* length in bits of the message that its peer is not known to read well; 0: none */
};

/* One connection end: the socket's own memory. */
struct socket_state {
	struct shown shown;
	struct identity peer;	/* cookie 0 until paired */
	__u64 peer_file;	/* struct file of the peer's socket, once it was accepted */
	__u64 container;
	__u64 backlog;		/* bytes and messages redirected since what lies unread at the peer was last known */
	__u64 backlog_messages;
	__u64 lease;		/* bytes of its pod's share and the node's that they may cost */
	__u64 run_bytes;	/* of the messages that `run` counts */
	__u64 tcp_bytes;	/* bytes already counted as sent over TCP */
	__u64 fast_bytes;
	__u64 epoch;
	__u64 leaving_since;	/* jiffies; since when the peer can see `leaving` */
	__u64 alone_since;	/* jiffies; since when no other thread than `redirector` has redirected */
	__u64 refreshed;	/* jiffies, and ns; when a message last went over TCP for its own sake */
	__u64 refreshed_ns;
	__u64 run_long_since;	/* jiffies; since when `run` is longer than a turn may be */
	__u64 barriers;		/* added to for the barrier that it is */
	__u64 held_since;	/* ns; since when segments for this end are held back; 0: they are not */
	__u32 slot;
	__u32 netns;
	enum path_kind path;
	enum reason reason;
	enum gate gate;		/* of the last message */
	__u32 proven;		/* as seen_readers has it for the peer's container */
	__u32 proving;		/* bytes that the peer has to read over TCP now; 0: none */
	__u32 proving_watch;	/* settings.watch when they were sent */
	__u32 redirector;	/* thread that redirected last */
	__u32 peer_messages;		/* the peer's count of messages when this end last looked */
	__u32 run;		/* messages since the peer was last heard */
	__u32 turns;		/* runs so far */
	__u32 seen_out;		/* segments with data, sent and received, before the present way of talking began */
	__u32 seen_in;
	__u32 seen_read;	/* copied_seq at the last visit */
	__u32 oversized;		/* messages in a row that found the queue empty and the lease far too large */
	__u8 accepting;
	__u8 joined;		/* has a row in the original-destination map, or had one */
	__u8 adopted;
	__u8 departures;	/* how often it has left the map */
	__u8 own_callbacks;	/* BPF_SOCK_OPS_*_CB_FLAG bits that were switched on by us */
	__u8 selected;		/* both pods were selected at `epoch` */
	__u8 candidate;		/* has waited to be found by its other end */
	__u8 unproven;		/* what its container is to be watched for before it joins again, as face.unproven of its peer */
	__u8 drained;		/* the peer's queue was empty after the last redirected message */
	__u8 blocked;		/* messages in a row that found the peer's file without O_NONBLOCK */
	__u8 quick_timers;	/* TCP's timers are short while the end is in the map */
	__u8 acceptor_unknown;		/* whether its program polls is still to be seen */
	__u8 samples;		/* messages that TCP has measured its timer by, up to TIMER_SAMPLES */
	__u8 held_unread;	/* segments are held back because redirected bytes are unread, and not for the connection to leave */
	__u8 shared;		/* several threads have redirected */
	__u8 pad[1];
};

/* What an end leaves to its peer's account when it closes while its messages lie unread there. */
struct debt {
	__u64 bytes;
	__u32 netns;	/* of the end whose lease it was */
	__u32 pad;
};

/* A connection end of which nothing more is expected than that it closes soon, and that stands for SAMPLE_WEIGHT of its
 * kind: a line instead of an `end`. */
#define SAMPLE_WEIGHT 8

struct sampled_connection {
	__u32 slot;
	__u32 netns;
	__u32 accepting;
};

#pragma GCC diagnostic pop

#endif
