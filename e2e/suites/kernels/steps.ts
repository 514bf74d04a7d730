// Everything there is to do on a kernel, in this order.
import type { Plan, Step } from './plan';

const minute = 60;

/**
 * Cases of the conformance suite whose outcome hangs on the kernel: how readers are woken and bytes counted, what a close
 * finds, protocols on top of TCP. An emulated processor takes seconds for each of them.
 */
const kernelCases = [
  'nonblocking', 'poll', 'epoll-level', 'epoll-edge', 'uring-poll', 'recv-nothing', 'peek', 'peek-offset', 'waitall', 'trunc', 'rcvlowat',
  'fionread', 'fionread-first', 'writev', 'one-byte', 'backpressure', 'siocoutq', 'cork', 'inq-later', 'zerocopy', 'zerocopy-later',
  'zerocopy-receive-later', 'oob', 'oob-inline-later', 'splice-in', 'splice-in-late',
  'sendfile-in', 'half-close-client', 'half-close-server', 'close-unread', 'linger-zero', 'reset-mid-stream', 'defer-accept', 'accept-late',
  'short-read-burst', 'short-read-large', 'short-read-away', 'peek-burst', 'fionread-filled', 'burst-and-cork', 'asleep-server', 'asleep-client',
  'pacing', 'nonblock-cleared', 'reconnect', 'source-port-again', 'sequence-wrap', 'fast-open', 'mptcp', 'ktls', 'repair',
];

const conformance = ['--small', '--quick', '--paths', 'same-pod,cross-pod', '--families', 'IPv4,IPv6'];

export const steps: readonly Step[] = [
  { name: 'programs', program: 'programs', args: [], seconds: 5 * minute },
  { name: 'traffic', program: 'traffic', args: [], seconds: 10 * minute },
  { name: 'probes', program: 'probes', args: [], seconds: 10 * minute },
  { name: 'conformance', program: 'conformance', args: [...conformance, '--cases', kernelCases.join(',')], seconds: 60 * minute },
  // what the kernel does not support is known by now
  { name: 'tests', program: 'suite', args: [], seconds: 40 * minute },
];

/** The steps of these names, or all of them; the conformance suite with all of its quick cases where that is asked for. */
export function planOf(names: readonly string[] | undefined, allCases: boolean): Plan {
  const chosen = steps.filter(({ name }) => names?.includes(name) ?? true);
  return { steps: chosen.map((step) => (allCases && step.name === 'conformance' ? { ...step, args: conformance, seconds: 6 * step.seconds } : step)) };
}
