// Every known difference of an accelerated connection, and every connection that is deliberately left on TCP. A result that
// is not declared here fails the run, and so does a declaration that no result bears out any more.
import type { FamilyName, PathName } from './paths';
import type { Result } from './verdict';

export interface Declaration {
  readonly cases: readonly string[];
  readonly result: Exclude<Result, 'same'>;
  /** Of a refusal, the datapath's reasons it may name. */
  readonly reasons?: readonly string[];
  /** Where it holds; everywhere unless told. */
  readonly paths?: readonly PathName[];
  readonly families?: readonly FamilyName[];
  /** It may be absent, because it hangs on timing or on the kernel. */
  readonly optional?: true;
  readonly why: string;
  /** What a user does about it. */
  readonly remedy: string;
}

const nothingToDo = 'Nothing: the connection runs over TCP, and its reason is in the status.';
const exclude = 'Exclude the pods by a selector; connections that never do this are not affected.';

/** What a program can ask of a socket before its first byte, and in the middle of a conversation (`-later`). */
const options = ['peek-offset', 'inq', 'receive-timestamp', 'zerocopy-receive', 'zerocopy', 'send-timestamp', 'oob-inline', 'pacing'];

const refusals: readonly Declaration[] = [
  {
    cases: ['blocking', 'dontwait', 'uring-recv', 'waitall', 'rcvlowat-blocking', 'rcvtimeo'],
    result: 'refused',
    reasons: ['BlockingReader', 'OneWay'],
    why: 'The kernel wakes no reader that sleeps inside recv() for redirected bytes, and MSG_WAITALL returns short; one that lets bytes lie leaves.',
    remedy: 'Nothing: sockets without O_NONBLOCK stay on TCP. Programs that want the fast path read by poll() or epoll.',
  },
  {
    cases: ['asleep-server', 'asleep-client', 'asleep-again', 'asleep-timeout', 'asleep-beside-sender', 'asleep-part-sent'],
    result: 'refused',
    reasons: ['BlockingReader', 'Learning', 'NotSeen'], // the last two: left alone when it opened, and not looked at since
    why: 'A blocking socket in the SOCKHASH would say EAGAIN after a signal, a stop or another thread’s send(): it never enters, or leaves.',
    remedy: nothingToDo,
  },
  {
    cases: ['asleep-later'],
    result: 'refused',
    reasons: ['BlockingReader', 'Learning'],
    optional: true, // its first messages may still be redirected
    why: 'A socket that has become a blocking one leaves with its next messages.',
    remedy: nothingToDo,
  },
  {
    cases: ['rcvlowat', 'rcvlowat-later'],
    result: 'refused',
    reasons: ['BlockingReader', 'OneWay'],
    optional: true, // the connection leaves if two visits find the same bytes waiting for more
    why: 'SO_RCVLOWAT above one is not honoured for redirected bytes, so they go over TCP; a reader that lets bytes of TCP lie leaves.',
    remedy: nothingToDo,
  },
  {
    cases: [...options, ...options.map((name) => `${name}-later`)],
    result: 'refused',
    reasons: ['UnsupportedSocket'],
    why: 'The option asks for what comes with bytes of TCP only: offsets, hints, time stamps, pages to be mapped, completions, the urgent mark, a pace.',
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
    why: 'FIONREAD on a socket in the SOCKHASH counts one of its two queues only; a container that asks it is remembered.',
    remedy: nothingToDo,
  },
  {
    cases: ['fionread-first', 'fionread-driven-first', 'fionread-filled'],
    result: 'refused',
    reasons: ['CountingReader', 'Learning', 'Unproven'],
    optional: true, // where the kernel counts both queues
    why: 'A message longer than those that were read goes over TCP, and the connection leaves with the first FIONREAD.',
    remedy: nothingToDo,
  },
  {
    cases: ['sequence-wrap'],
    result: 'refused',
    reasons: ['ShortLived'],
    optional: true, // where nobody visits connections that stay open longer than those before
    why: 'The case opens hundreds of connections until one is near the wrap, and their destination becomes one of short connections.',
    remedy: nothingToDo,
  },
  {
    cases: ['splice-in', 'splice-in-late', 'read-then-splice', 'read-then-splice-new', 'uring-splice'],
    result: 'refused',
    reasons: ['SplicingReader'],
    why: 'splice(2) takes bytes from the TCP queue only, and so does io_uring’s; a container that reads so is remembered.',
    remedy: nothingToDo,
  },
  {
    cases: ['splice-in-late-first', 'read-then-splice-first', 'uring-splice-first'],
    result: 'refused',
    reasons: ['SplicingReader', 'Learning', 'Unproven', 'PeerNotSelected'], // the last until a scan has found both ends again
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
    why: 'Where a redirect is refused by the receive buffer, a reader that is more than that behind is served by TCP.',
    remedy: nothingToDo,
  },
  {
    cases: ['write-64mib', 'stream-64mib', 'burst-both-ways'],
    result: 'refused',
    reasons: ['OneWay', 'Leaving', 'Order'],
    optional: true,
    why: 'A stream without answers is better off on TCP, and may be there from its first byte on.',
    remedy: nothingToDo,
  },
  {
    cases: ['fast-open'],
    result: 'refused',
    reasons: ['UnsupportedSocket', 'PeerNotSelected'],
    optional: true,
    why: 'With data in the SYN the accepting end is established before the connecting end, so the two do not meet.',
    remedy: nothingToDo,
  },
  {
    cases: ['mptcp'],
    result: 'refused',
    reasons: ['NotSeen', 'UnsupportedSocket'],
    why: 'Multipath TCP keeps the order of its bytes outside of its subflows, so these are left alone.',
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
    why: 'recv() of no bytes at all returns 0 on a socket in the SOCKHASH, where TCP says EAGAIN.',
    remedy: 'None needed: no program was found that tells the two apart; SO_ERROR and poll() are as on TCP.',
  },
  {
    cases: ['trunc'],
    result: 'different',
    why: 'recv() with MSG_TRUNC stores redirected bytes where TCP throws them away: all it asks for, or EFAULT without a buffer. No program runs before it.',
    remedy: exclude,
  },
  {
    cases: ['send-cut-off'],
    result: 'different',
    optional: true, // older kernels keep the error
    why: 'A send() of bytes that cannot be read, as of a mapped file that was truncated, returns 0 where TCP says EFAULT; no program runs for it.',
    remedy: 'None needed where files are replaced and not truncated; else exclude the pods.',
  },
  {
    cases: ['oob'],
    result: 'different',
    why: 'A redirected MSG_OOB byte comes in its place among the others, without POLLPRI and mark: programs are not shown the flags of a send(), and recv() with MSG_OOB takes redirected bytes first.',
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
    why: 'SO_RCVLOWAT set while redirected bytes are unread: poll() tells of them although they are fewer. Later bytes go over TCP.',
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
    remedy: 'None needed: the bytes are lost in both, and the sender hears of it with its next but one send().',
  },
];

export const declarations: readonly Declaration[] = [...refusals, ...differences];
