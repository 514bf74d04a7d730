// Every known difference of an accelerated connection, and every connection that is deliberately left on TCP. A result that
// is not declared here fails the run. So does a declaration that none of the run's results confirms.
import type { FamilyName, PathName } from './paths';
import type { Result } from './verdict';

export interface Declaration {
  readonly cases: readonly string[];
  readonly result: Exclude<Result, 'same'>;
  /** For a refusal: the reasons that the datapath may give. Any reason unless given. */
  readonly reasons?: readonly string[];
  /** The paths on which the declaration holds; all paths unless given. */
  readonly paths?: readonly PathName[];
  readonly families?: readonly FamilyName[];
  /** A run may not show the difference, because it depends on timing or on the kernel. */
  readonly optional?: true;
  readonly why: string;
  /** What a user does about it. */
  readonly remedy: string;
}

const nothingToDo = 'Nothing: the connection runs over TCP, and its reason is in the status.';
const exclude = 'Exclude the pods by a selector; connections that never do this are not affected.';

/** Options that a program can set before the first byte of its connection, and on a connection in use (`-later`). */
const options = ['peek-offset', 'inq', 'receive-timestamp', 'zerocopy-receive', 'zerocopy', 'send-timestamp', 'oob-inline', 'pacing'];

const refusals: readonly Declaration[] = [
  {
    cases: ['blocking', 'dontwait', 'uring-recv', 'waitall', 'rcvlowat-blocking', 'rcvtimeo'],
    result: 'refused',
    reasons: ['BlockingReader', 'OneWay'],
    why: 'The kernel wakes no reader that sleeps inside recv() for redirected bytes, and MSG_WAITALL returns short; a socket with unread bytes leaves.',
    remedy: 'Nothing: sockets without O_NONBLOCK stay on TCP. Programs that want the fast path read by poll() or epoll.',
  },
  {
    cases: ['asleep-server', 'asleep-client', 'asleep-again', 'asleep-timeout', 'asleep-beside-sender', 'asleep-part-sent'],
    result: 'refused',
    reasons: ['BlockingReader', 'Learning', 'NotSeen'], // the last two: not joined when it opened, and not scanned since
    why: 'recv() on a blocking socket in the SOCKHASH would return EAGAIN after a signal, a stop or another thread’s send(): it never enters, or leaves.',
    remedy: nothingToDo,
  },
  {
    cases: ['asleep-later'],
    result: 'refused',
    reasons: ['BlockingReader', 'Learning'],
    optional: true, // its first messages may still be redirected
    why: 'A socket that has become blocking leaves the SOCKHASH with its next messages.',
    remedy: nothingToDo,
  },
  {
    cases: ['rcvlowat', 'rcvlowat-later'],
    result: 'refused',
    reasons: ['BlockingReader', 'OneWay'],
    optional: true, // the connection leaves if two scans find the same bytes unread
    why: 'The kernel ignores SO_RCVLOWAT above one for redirected bytes, so bytes go over TCP; a socket with unread bytes of TCP leaves.',
    remedy: nothingToDo,
  },
  {
    cases: [...options, ...options.map((name) => `${name}-later`)],
    result: 'refused',
    reasons: ['UnsupportedSocket'],
    why: 'The option needs what only bytes of TCP have: offsets, hints, time stamps, pages to be mapped, completions, the urgent mark, a pace.',
    remedy: nothingToDo,
  },
  {
    cases: ['away-user-timeout', 'user-timeout', 'user-timeout-in-time'],
    result: 'refused',
    reasons: ['UnsupportedSocket'],
    why: 'A sender that gives up within ten seconds leaves no time to hold segments back while redirected bytes are unread.',
    remedy: nothingToDo,
  },
  {
    cases: ['fionread', 'fionread-driven'],
    result: 'refused',
    reasons: ['CountingReader'],
    why: 'FIONREAD on a socket in the SOCKHASH counts only one of its two queues; the datapath remembers a container that asks.',
    remedy: nothingToDo,
  },
  {
    cases: ['fionread-first', 'fionread-driven-first', 'fionread-filled', 'fionread-half-closed', 'fionread-gone'],
    result: 'refused',
    reasons: ['CountingReader', 'Learning', 'Unproven'],
    optional: true, // where the kernel counts both queues
    why: 'A message longer than those that were read goes over TCP, and the connection leaves with the first FIONREAD.',
    remedy: nothingToDo,
  },
  {
    cases: ['sequence-wrap'],
    result: 'refused',
    reasons: ['ShortLived', 'OneWay'],
    optional: true, // on kernels without scans, which would find connections that stay open longer than those before; and on a busy machine, where a
    // large message, with which the connection leaves, may come before a small one was redirected
    why: 'The case opens hundreds of connections until one is near the wrap, and their destination becomes one of short connections.',
    remedy: nothingToDo,
  },
  {
    cases: ['splice-in', 'splice-in-late', 'read-then-splice', 'read-then-splice-new', 'uring-splice'],
    result: 'refused',
    reasons: ['SplicingReader'],
    why: 'splice(2) takes bytes from the TCP queue only, and so does io_uring’s; the datapath remembers a container that reads so.',
    remedy: nothingToDo,
  },
  {
    cases: ['splice-in-late-first', 'read-then-splice-first', 'uring-splice-first'],
    result: 'refused',
    reasons: ['SplicingReader', 'Learning', 'Unproven', 'PeerNotSelected'], // PeerNotSelected until a scan has found both ends again
    why: 'A message longer than those that were read goes over TCP, where it can be spliced.',
    remedy: nothingToDo,
  },
  {
    cases: ['cork'],
    result: 'refused',
    reasons: ['Corked'],
    why: 'Redirected bytes would be delivered at once; TCP keeps them together until the cork is taken off.',
    remedy: nothingToDo,
  },
  {
    cases: ['backpressure', 'epoll-out-edge', 'sndtimeo', 'siocoutq'],
    result: 'refused',
    reasons: ['OneWay', 'Order'],
    optional: true, // openEuler's kernels
    why: 'Where the kernel refuses a redirect into a full receive buffer, TCP serves a reader that is further behind than this.',
    remedy: nothingToDo,
  },
  {
    cases: ['write-64mib', 'stream-64mib', 'burst-both-ways'],
    result: 'refused',
    reasons: ['OneWay', 'Leaving', 'Order'],
    optional: true,
    why: 'A stream without answers is better off on TCP, and may run over TCP from its first byte on.',
    remedy: nothingToDo,
  },
  {
    cases: ['fast-open'],
    result: 'refused',
    reasons: ['UnsupportedSocket', 'PeerNotSelected'],
    optional: true,
    why: 'With data in the SYN the accepting end is established before the connecting end, so the two are not paired.',
    remedy: nothingToDo,
  },
  {
    cases: ['mptcp'],
    result: 'refused',
    reasons: ['NotSeen', 'UnsupportedSocket'],
    why: 'Multipath TCP keeps the order of its bytes outside of its subflows, so the datapath leaves the subflows alone.',
    remedy: nothingToDo,
  },
  {
    cases: ['ktls', 'ktls-new'],
    result: 'refused',
    reasons: ['UnsupportedSocket'],
    optional: true,
    why: 'A socket with an upper-layer protocol encrypts below the place where bytes are redirected.',
    remedy: nothingToDo,
  },
];

const differences: readonly Declaration[] = [
  {
    cases: ['tcp-counters'],
    result: 'different',
    why: 'Redirected bytes pass no TCP segment, so the kernel’s counters of segments, bytes and unread bytes stand still, however they are asked for.',
    remedy: 'Read the accelerated bytes from the resource’s status or the agent’s metrics.',
  },
  {
    cases: ['recv-nothing'],
    result: 'different',
    why: 'recv() into a buffer of no bytes returns 0 on a socket in the SOCKHASH, where TCP says EAGAIN.',
    remedy: 'None needed: no program was found that tells the two apart; SO_ERROR and poll() are as on TCP.',
  },
  {
    cases: ['trunc'],
    result: 'different',
    why: 'recv() with MSG_TRUNC stores redirected bytes where TCP throws them away, or returns EFAULT without a buffer. No BPF program runs before it.',
    remedy: exclude,
  },
  {
    cases: ['send-cut-off'],
    result: 'different',
    optional: true, // older kernels keep the error
    why: 'A send() of bytes that cannot be read, as of a truncated mapped file, returns 0 where TCP says EFAULT; no BPF program runs for it.',
    remedy: 'None needed where files are replaced and not truncated; else exclude the pods.',
  },
  {
    cases: ['oob'],
    result: 'different',
    why: 'A redirected MSG_OOB byte comes in its place among the others, without POLLPRI and mark: BPF programs do not see the flags of a send(), and recv() with MSG_OOB takes redirected bytes first.',
    remedy: `${exclude} Readers with SO_OOBINLINE are recognised and stay on TCP.`,
  },
  {
    cases: ['waitall-later'],
    result: 'different',
    why: 'Bytes were redirected before O_NONBLOCK was taken off: the first MSG_WAITALL returns them at once, short. All later ones wait.',
    remedy: 'Read on where recv() returns short, as it may after a signal too; or exclude the pods.',
  },
  {
    cases: ['rcvlowat-later'],
    result: 'different',
    optional: true,
    why: 'SO_RCVLOWAT set while redirected bytes are unread: poll() reports them although they are fewer. Later bytes go over TCP.',
    remedy: 'Set SO_RCVLOWAT before the first byte.',
  },
  {
    cases: ['zerocopy-later'],
    result: 'different',
    optional: true, // where the bytes of a send happened to lie in two pieces (net/ipv4/tcp_bpf.c, tcp_bpf_push())
    why: 'Until the connection has left the fast path, a send with MSG_ZEROCOPY may be completed twice, and the numbers of later ones are one too high.',
    remedy: 'Set SO_ZEROCOPY before the first byte. Bytes are right in any case: until then they are copied before send() returns.',
  },
  {
    cases: ['ktls'],
    result: 'different',
    optional: true, // where the kernel has TLS
    why: 'A joined socket that asks for TLS in the kernel is refused the keys (EINVAL); it keeps its bytes, and its connection goes back to TCP.',
    remedy: 'None needed: TLS libraries then encrypt by themselves. To keep TLS in the kernel, exclude the pods.',
  },
  {
    cases: ['close-unread'],
    result: 'different',
    why: 'A close with unread redirected bytes looks to TCP like any other: the sender sees end of file and one accepted send(), not ECONNRESET.',
    remedy: 'None needed: the bytes are lost on TCP too, and the sender gets the error with its next but one send().',
  },
];

export const declarations: readonly Declaration[] = [...refusals, ...differences];
