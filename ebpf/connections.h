/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs keep of connections: the state of each end, and the rows by which one end finds the other. Programs of
 * several releases may share these types through pinned maps, so a change of any layout raises ABI_VERSION. */
#ifndef SIDECAR_ACCELERATION_CONNECTIONS_H
#define SIDECAR_ACCELERATION_CONNECTIONS_H

#include "abi.h"

/* As in abi.h: no padding without a name. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"

/* Both initial sequence numbers plus one, as the connecting end had them when it became ESTABLISHED. */
struct handshake {
	__u32 client_next;
	__u32 server_next;
};

/* By what one end finds the other. The kernel addresses may be stale: they are only probe-read, and the cookie tells whether what was
 * read belongs to the peer. */
struct identity {
	__u64 cookie;	 /* 0: no peer */
	__u64 sock;	 /* address of its struct tcp_sock */
	__u64 state;	 /* address of its struct socket_state */
	__u64 container; /* cgroup v2 id of the program that opened the socket or its listener */
	__u32 netns;
	__u32 slot;
};

/* What a connecting end leaves at the rendezvous while it waits for its accepting end. */
struct pending_connect {
	struct identity identity;
	enum reason reason; /* REASON_PAIRING, or why the connecting end stays on TCP */
	__u32 pad;
	struct endpoint client;
	struct endpoint original;
};

/* What the accepting end leaves for the connecting end: its identity; or, with cookie 0, the reason why the connection stays on TCP. */
struct pairing_result {
	struct identity identity;
	enum path_kind path;
	enum reason reason;
};

/* The key of a destination, as the pods of one network namespace connect to it. */
struct target {
	__u32 netns;
	struct endpoint original;
};

/* How the connections of a pod to one destination behaved. */
struct history {
	__u32 turns;	       /* of a connection: a moving average, in sixteenths */
	enum reason otherwise; /* why the next connection stays on TCP where the turns are too few */
};

/* The part of a socket state that the peer reads with every message. */
struct shown {
	__u64 cookie;
	struct handshake handshake; /* zero while there is no connection, because the cookie stays when a connection ends */
	__u64 redirected;	    /* jiffies of the last redirected message */
	__u32 messages;		    /* sent while in the SOCKHASH; wraps */
	__u8 leaving;		    /* the reason why the end is about to leave the SOCKHASH; 0: it is not */
	__u8 in_map;		    /* the end is in the SOCKHASH */
	__u8 quiet;		    /* no message is under way between the two ends, and neither end redirects any more (quiet.h) */
	__u8 unproven;		    /* length in bits of the message that the peer is not known to read well; 0: none (proven.h) */
};

/* The state of one connection end, in the storage of its socket. */
struct socket_state {
	struct shown shown;
	struct identity peer; /* cookie 0: the peer is not known */
	__u64 peer_file;      /* address of the struct file of the peer's socket; 0 until it was accepted */
	__u64 container;
	__u64 backlog;		/* bytes that were redirected since it was last known what is unread at the peer */
	__u64 backlog_messages; /* messages, likewise */
	__u64 lease;		/* bytes of the shares of its pod and the node that unread messages of this end may cost */
	__u64 run_bytes;	/* bytes of the messages that `run` counts */
	__u64 tcp_bytes;	/* bytes that are already counted as sent over TCP */
	__u64 fast_bytes;	/* bytes that were redirected */
	__u64 epoch;		/* the epoch of the settings when selection and traits were last checked */
	__u64 leaving_since;	/* jiffies since when the peer can see `leaving` */
	__u64 alone_since;	/* jiffies since when no other thread than `redirector` has redirected */
	__u64 refreshed_ns;	/* when a message last went over TCP to be seen there */
	__u64 next_clock;	/* jiffies; until then the clock is not read for the next such message */
	__u64 run_long_since;	/* jiffies when `run` first exceeded LONGEST_RUN; 0: it has not */
	__u64 barriers;		/* its value means nothing: an addition to it is a memory barrier */
	__u64 held_since;	/* ns since when segments for this end are held back; 0: none are */
	__u32 slot;
	__u32 netns;
	enum path_kind path;
	enum reason reason;
	enum gate gate;	       /* of the last message */
	__u32 proven;	       /* a copy of the row of the peer's container in seen_readers */
	__u32 proving;	       /* bytes that the peer has to read over TCP to be known for them; 0: none */
	__u32 proving_watch;   /* settings.watch when these bytes were sent */
	__u32 redirector;      /* thread that redirected last */
	__u32 peer_messages;   /* the peer's count of messages when this end last read it */
	__u32 run;	       /* messages since the peer last sent one */
	__u32 turns;	       /* how often a message of the peer ended a run */
	__u32 seen_out;	       /* segments with data that were sent before the present count of turns began */
	__u32 seen_in;	       /* segments with data that were received before it */
	__u32 seen_read;       /* copied_seq at the last scan */
	__u32 oversized;       /* messages in a row that found the peer's queue empty and the lease much too large */
	__u8 accepting;	       /* 1: the end was accepted; 0: it has connected */
	__u8 joined;	       /* the connection has, or had, a row in origdsts */
	__u8 adopted;	       /* the end was open before it was joined */
	__u8 departures;       /* how often the end has left the SOCKHASH while it was open */
	__u8 own_callbacks;    /* BPF_SOCK_OPS_*_CB_FLAG bits that the datapath has switched on */
	__u8 selected;	       /* both pods were selected at `epoch` */
	__u8 candidate;	       /* the end has put itself into `candidates` */
	__u8 unproven;	       /* length in bits of the message that its program must be seen to read before the end joins again */
	__u8 drained;	       /* 0 when a message is redirected, 1 when a later one finds the peer's queue empty */
	__u8 blocked;	       /* messages in a row that found the peer's file without O_NONBLOCK */
	__u8 quick_timers;     /* TCP's timers are short (timers.h) */
	__u8 acceptor_unknown; /* whether its program polls what it accepts is not known yet */
	__u8 samples;	       /* messages by which TCP has measured its timer, up to TIMER_SAMPLES */
	__u8 held_unread;      /* segments are held back for unread redirected bytes; 0: for the connection to leave first */
	__u8 shared;	       /* several threads have redirected */
	__u8 pad[1];
};

/* The lease of an end that closed while its messages lay unread at its peer. */
struct debt {
	__u64 bytes;
	__u32 netns;  /* of the end that had the lease */
	__u32 reader; /* network namespace of the socket where the messages lie */
};

/* How many connections one sampled connection stands for. */
#define SAMPLE_WEIGHT 8

/* One end of a sampled connection: a row of a map instead of a socket state. */
struct sampled_connection {
	__u32 slot;
	__u32 netns;
	enum reason reason;
	__u32 accepting;
};

#pragma GCC diagnostic pop

#endif
