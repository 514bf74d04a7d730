// All steps on a kernel, in their order.
import type { Plan, Step } from './plan';

const minute = 60;

/**
 * Cases of the conformance suite whose results depend on the kernel: how readers are woken and bytes counted, closes with unread
 * bytes, protocols on top of TCP. An emulated processor takes seconds for each case.
 */
const kernelCases = [
  'nonblocking',
  'poll',
  'epoll-level',
  'epoll-edge',
  'uring-poll',
  'recv-nothing',
  'peek',
  'peek-offset',
  'waitall',
  'trunc',
  'rcvlowat',
  'fionread',
  'fionread-first',
  'writev',
  'one-byte',
  'backpressure',
  'siocoutq',
  'cork',
  'inq-later',
  'zerocopy',
  'zerocopy-later',
  'zerocopy-receive-later',
  'oob',
  'oob-inline-later',
  'splice-in',
  'splice-in-late',
  'sendfile-in',
  'half-close-client',
  'half-close-server',
  'close-unread',
  'linger-zero',
  'reset-mid-stream',
  'defer-accept',
  'accept-late',
  'short-read-burst',
  'short-read-large',
  'short-read-away',
  'peek-burst',
  'fionread-filled',
  'burst-and-cork',
  'asleep-server',
  'asleep-client',
  'pacing',
  'nonblock-cleared',
  'reconnect',
  'source-port-again',
  'sequence-wrap',
  'fast-open',
  'mptcp',
  'ktls',
  'repair',
];

const conformance = ['--small', '--quick', '--paths', 'same-pod,cross-pod', '--families', 'IPv4,IPv6'];

export const steps: readonly Step[] = [
  { name: 'programs', program: 'programs', args: [], seconds: 5 * minute },
  { name: 'traffic', program: 'traffic', args: [], seconds: 10 * minute },
  { name: 'probes', program: 'probes', args: [], seconds: 10 * minute },
  { name: 'conformance', program: 'conformance', args: [...conformance, '--cases', kernelCases.join(',')], seconds: 60 * minute },
  // after the other steps, whose results say which tests do not apply
  { name: 'tests', program: 'suite', args: [], seconds: 40 * minute },
];

/** The steps with these names, or all; @param allCases whether the conformance suite plays all of its quick cases */
export function planOf(names: readonly string[] | undefined, allCases: boolean): Plan {
  const chosen = steps.filter(({ name }) => names?.includes(name) ?? true);
  return {
    steps: chosen.map((step) => (allCases && step.name === 'conformance' ? { ...step, args: conformance, seconds: 6 * step.seconds } : step)),
  };
}
