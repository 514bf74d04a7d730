// What doctor can say of nodes before any agent runs there: system, architecture, kernel, runtime.
import { archLabel, formerCriSocket, type LeftOutReason, leftOutReasons, type Spec, systemLabel, unfit } from '../../api';
import type { Facts, Node } from './facts';
import { failure, named, ok, skipped, warning, type Finding } from './finding';

const leastKernel = [5, 10] as const;

/** @param spec of the resource, whose node selector narrows the nodes and whose socket must be the runtime's; undefined without one */
export function nodeFindings({ nodes }: Pick<Facts, 'nodes'>, spec: Spec | undefined): Finding[] {
  if (nodes === 'forbidden') return [skipped('nodes', 'this user may not list nodes')];
  const selected = (nodes ?? []).filter((node) => isSelected(node, spec));
  const wanted = selected.filter((node) => leftOutFor(node) === undefined);
  const without = leftOutFindings(selected);
  if (wanted.length === 0) return [warning('nodes', 'no node that can have an agent matches spec.nodes.nodeSelector', 'widen the selector, or label nodes'), ...without];
  const findings = checks.flatMap(({ wrong, level, message, remedy }) => {
    const names = wanted.filter((node) => wrong(node, spec)).map(({ metadata }) => metadata.name);
    return names.length === 0 ? [] : [level('nodes', `${message}: ${named(names)}`, remedy)];
  });
  const fit = wanted.filter((node) => !checks.some(({ wrong }) => wrong(node, spec))).length;
  const kernels = [...new Set(wanted.map(({ status }) => status.nodeInfo.kernelVersion))].sort();
  return [...(fit > 0 ? [ok('nodes', `${fit} of ${wanted.length} can be accelerated as far as the API server knows them; kernels ${named(kernels)}`)] : []), ...without, ...findings];
}

/** As the controller decides it: such nodes are left as they are, and nobody waits for them. */
function leftOutFor({ metadata: { labels }, status: { nodeInfo } }: Node): LeftOutReason | undefined {
  return unfit({ [archLabel]: nodeInfo.architecture, [systemLabel]: nodeInfo.operatingSystem, ...labels });
}

function leftOutFindings(nodes: readonly Node[]): Finding[] {
  const reasons = [...new Set(nodes.map(leftOutFor))].filter((reason) => reason !== undefined).sort();
  return reasons.map((reason) => ok('nodes', `without an agent, ${reason}: ${named(nodes.filter((node) => leftOutFor(node) === reason).map(({ metadata }) => metadata.name))}. ${leftOutReasons[reason].means}`));
}

interface NodeCheck {
  readonly wrong: (node: Node, spec: Spec | undefined) => boolean;
  readonly level: typeof failure;
  readonly message: string;
  readonly remedy: string;
}

const checks: readonly NodeCheck[] = [
  { wrong: (node) => !isRecent(node.status.nodeInfo.kernelVersion), level: failure, message: 'kernel older than 5.10', remedy: 'upgrade the kernel, or leave these nodes out with spec.nodes.nodeSelector' },
  { wrong: (node) => node.status.nodeInfo.containerRuntimeVersion.startsWith('docker:'), level: failure, message: 'the runtime is Docker, which does not tell which pods it runs', remedy: 'use containerd or CRI-O; with cri-dockerd, set spec.agent.criSocket to its socket' },
  { wrong: hasOtherSocket, level: failure, message: 'the runtime is CRI-O, and spec.agent.criSocket is containerd’s', remedy: 'leave spec.agent.criSocket out: each agent finds the socket of its node' },
  { wrong: (node) => node.status.conditions.some(({ type, status }) => type === 'Ready' && status !== 'True'), level: warning, message: 'not Ready', remedy: 'see kubectl describe node' },
];

function isSelected({ metadata }: Node, spec: Spec | undefined): boolean {
  return Object.entries(spec?.nodes.nodeSelector ?? {}).every(([key, value]) => metadata.labels[key] === value);
}

/** Without a resource it is still to be chosen. */
function hasOtherSocket({ status }: Node, spec: Spec | undefined): boolean {
  const socket = spec?.agent.criSocket;
  return status.nodeInfo.containerRuntimeVersion.startsWith('cri-o:') && socket !== formerCriSocket && socket?.includes('containerd') === true;
}

/** Distributions append to the version what they like. */
function isRecent(release: string): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map((part) => Number.parseInt(part, 10));
  return major > leastKernel[0] || (major === leastKernel[0] && minor >= leastKernel[1]);
}
