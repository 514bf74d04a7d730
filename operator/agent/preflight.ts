// Looks, without touching anything, whether this node can be accelerated, and says what to do where it cannot.
import { nodeReasons, type NodeReason, oneLine } from '../api';
import { maxProblemLength, type Problem } from '../protocol';
import { cgroup2Mount, findPodCgroup } from './cgroup';
import { bpffsMagic, type Host } from './host';
import { isAtLeast } from './kernelRelease';
import { missingPrivilege } from './privileges';

const leastKernel = [5, 10] as const;
const btf = '/sys/kernel/btf/vmlinux';

export interface PreflightQuestion {
  readonly pins: string;
  /** Processes of pods that the runtime named; empty while it has not answered. */
  readonly pids: readonly number[];
}

/** Every problem at once, so that one look is enough to put a node right; else where to attach. */
export type Preflight = { readonly problems: readonly [Problem, ...Problem[]] } | { readonly podCgroup: string };

export function preflight(host: Host, { pins, pids }: PreflightQuestion): Preflight {
  const problems: Problem[] = [];
  const missing = missingPrivilege(host);
  if (missing !== undefined) problems.push(problem('MissingPrivilege', missing));
  const release = host.kernel();
  if (!isAtLeast(release, leastKernel)) problems.push(problem('KernelTooOld', `the kernel is ${release}, 5.10 is the oldest that works`));
  if (!host.readable(btf)) problems.push(problem('NoBtf', `${btf} cannot be read`));
  if (host.fileSystem(pins) !== bpffsMagic) problems.push(problem('NoBpffs', `${pins} is not on a BPF file system`));

  const mount = cgroup2Mount(host.read('/proc/self/mountinfo') ?? '');
  const podCgroup = mount === undefined ? undefined : findPodCgroup(host, mount, pids);
  if (mount === undefined) problems.push(problem('NoCgroup2', 'no cgroup v2 hierarchy is mounted as a whole'));
  else if (podCgroup === undefined) problems.push(problem('NoPodCgroup', `no pod was found in a kubepods directory below ${mount}`));

  const [first, ...rest] = problems;
  if (first !== undefined) return { problems: [first, ...rest] };
  if (podCgroup === undefined) throw new Error('preflight found neither a problem nor the directory of the pods');
  return { podCgroup };
}

/** A problem in one line: what is wrong here, and the remedy of its reason. */
export function problem(reason: NodeReason, what: string): Problem {
  const { remedy } = nodeReasons[reason];
  return { reason, message: asLine(`${what}. ${remedy}`) };
}

/** What the channel takes as a problem's message: the words of a kernel or a runtime may be several lines. */
export function asLine(text: string): string {
  return oneLine(text.replace(/\s+/g, ' ')).slice(0, maxProblemLength);
}
