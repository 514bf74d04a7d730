// Checks whether this node can accelerate, without changing anything, and says what to do when it cannot.
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
  /** Processes of pods that the runtime has listed; empty before its first answer. */
  readonly pids: readonly number[];
}

/** All problems of the node at once, so that they can be corrected together; or, without a problem, the cgroup to attach to. */
export type Preflight = { readonly problems: readonly [Problem, ...Problem[]] } | { readonly podCgroup: string };

export function preflight(host: Host, { pins, pids }: PreflightQuestion): Preflight {
  const problems: Problem[] = [];
  const missing = missingPrivilege(host);
  if (missing !== undefined) problems.push(problem('MissingPrivilege', missing));
  const release = host.kernel();
  if (!isAtLeast(release, leastKernel)) problems.push(problem('KernelTooOld', `the kernel is ${release}, and 5.10 is the oldest that is supported`));
  if (!host.readable(btf)) problems.push(problem('NoBtf', `${btf} cannot be read`));
  if (host.fileSystem(pins) !== bpffsMagic) problems.push(problem('NoBpffs', `${pins} is not on a BPF file system`));

  const mount = cgroup2Mount(host.read('/proc/self/mountinfo') ?? '');
  const podCgroup = mount === undefined ? undefined : findPodCgroup(host, mount, pids);
  if (mount === undefined) problems.push(problem('NoCgroup2', 'the whole cgroup v2 hierarchy is not mounted'));
  else if (podCgroup === undefined) problems.push(problem('NoPodCgroup', `no pod’s process is in a kubepods directory below ${mount}`));

  const [first, ...rest] = problems;
  if (first !== undefined) return { problems: [first, ...rest] };
  if (podCgroup === undefined) throw new Error('preflight found neither a problem nor the directory of the pods');
  return { podCgroup };
}

/** A problem with a message of one line: what is wrong on this node, and the remedy of the reason. */
export function problem(reason: NodeReason, what: string): Problem {
  const { remedy } = nodeReasons[reason];
  return { reason, message: asLine(`${what}. ${remedy}`) };
}

/** Text as a problem's message on the channel: one line of bounded length, whereas messages of a kernel or a runtime may have several lines. */
export function asLine(text: string): string {
  return oneLine(text.replace(/\s+/g, ' ')).slice(0, maxProblemLength);
}
