// doctor's checks of nodes before an agent runs there: operating system, architecture, kernel, container runtime.
import { archLabel, formerCriSocket, type LeftOutReason, leftOutReasons, type Spec, systemLabel, unfit } from '../../api';
import type { Facts, Node } from './facts';
import { failure, named, ok, skipped, warning, type Finding } from './finding';

const minKernel = [5, 10] as const;

/** @param spec the resource's spec, for its node selector and criSocket; undefined without a resource */
export function nodeFindings({ nodes }: Pick<Facts, 'nodes'>, spec: Spec | undefined): Finding[] {
  if (nodes === 'forbidden') return [skipped('nodes', 'this user may not list nodes')];
  const selected = (nodes ?? []).filter((node) => isSelected(node, spec));
  const eligible = selected.filter((node) => leftOutReason(node) === undefined);
  const without = leftOutFindings(selected);
  if (eligible.length === 0)
    return [warning('nodes', 'no node that can run an agent matches spec.nodes.nodeSelector', 'widen the selector, or label nodes'), ...without];
  const findings = checks.flatMap(({ isFaulty, level, message, remedy }) => {
    const names = eligible.filter((node) => isFaulty(node, spec)).map(({ metadata }) => metadata.name);
    return names.length === 0 ? [] : [level('nodes', `${message}: ${named(names)}`, remedy)];
  });
  const fit = eligible.filter((node) => !checks.some(({ isFaulty }) => isFaulty(node, spec))).length;
  const kernels = [...new Set(eligible.map(({ status }) => status.nodeInfo.kernelVersion))].sort();
  return [
    ...(fit > 0
      ? [ok('nodes', `${fit} of ${eligible.length} can be accelerated by what the API server knows of them; kernels ${named(kernels)}`)]
      : []),
    ...without,
    ...findings,
  ];
}

/** Why a node gets no agent, by the controller's rule; undefined when it gets one. */
function leftOutReason({ metadata: { labels }, status: { nodeInfo } }: Node): LeftOutReason | undefined {
  return unfit({ [archLabel]: nodeInfo.architecture, [systemLabel]: nodeInfo.operatingSystem, ...labels });
}

function leftOutFindings(nodes: readonly Node[]): Finding[] {
  const reasons = [...new Set(nodes.map(leftOutReason))].filter((reason) => reason !== undefined).sort();
  return reasons.map((reason) =>
    ok(
      'nodes',
      `without an agent, ${reason}: ${named(nodes.filter((node) => leftOutReason(node) === reason).map(({ metadata }) => metadata.name))}. ${leftOutReasons[reason].means}`,
    ),
  );
}

interface NodeCheck {
  readonly isFaulty: (node: Node, spec: Spec | undefined) => boolean;
  readonly level: typeof failure;
  readonly message: string;
  readonly remedy: string;
}

const checks: readonly NodeCheck[] = [
  {
    isFaulty: (node) => !isRecent(node.status.nodeInfo.kernelVersion),
    level: failure,
    message: 'kernel older than 5.10',
    remedy: 'upgrade the kernel, or leave these nodes out with spec.nodes.nodeSelector',
  },
  {
    isFaulty: (node) => node.status.nodeInfo.containerRuntimeVersion.startsWith('docker:'),
    level: failure,
    message: 'the runtime is Docker, which has no CRI socket to list pods',
    remedy: 'use containerd or CRI-O; with cri-dockerd, set spec.agent.criSocket to its socket',
  },
  {
    isFaulty: hasOtherSocket,
    level: failure,
    message: 'the runtime is CRI-O, and spec.agent.criSocket is containerd’s',
    remedy: 'remove spec.agent.criSocket: each agent finds the socket of its node',
  },
  {
    isFaulty: (node) => node.status.conditions.some(({ type, status }) => type === 'Ready' && status !== 'True'),
    level: warning,
    message: 'not Ready',
    remedy: 'see kubectl describe node',
  },
];

function isSelected({ metadata }: Node, spec: Spec | undefined): boolean {
  return Object.entries(spec?.nodes.nodeSelector ?? {}).every(([key, value]) => metadata.labels[key] === value);
}

/** Whether criSocket is containerd's on a node with CRI-O; false without a resource, which is when criSocket is not chosen yet. */
function hasOtherSocket({ status }: Node, spec: Spec | undefined): boolean {
  const socket = spec?.agent.criSocket;
  return status.nodeInfo.containerRuntimeVersion.startsWith('cri-o:') && socket !== formerCriSocket && socket?.includes('containerd') === true;
}

/** Reads major and minor version, because distributions append suffixes of their own. */
function isRecent(release: string): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map((part) => Number.parseInt(part, 10));
  return major > minKernel[0] || (major === minKernel[0] && minor >= minKernel[1]);
}
