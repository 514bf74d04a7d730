// The ways that a connection can take between its two ends, and the rules that make them. A pair of pods is made for one path;
// the suite makes two for each path, of which one is accelerated.
import { join } from 'node:path';
import type { TestNode, TestPod } from '../../../ebpf/tests/pods';

export const pathNames = ['same-pod', 'cross-pod', 'redirect-out', 'redirect-in', 'tproxy-in', 'nftables-out', 'nftables-in'] as const;
export type PathName = (typeof pathNames)[number];

export const familyNames = ['IPv4', 'IPv6'] as const;
export type FamilyName = (typeof familyNames)[number];

/** Uid of the sidecar in Istio's rules. */
const sidecar = 1337;
/** The ports to which Istio's rules send a pod's outgoing and incoming connections. */
const ports = { outbound: 15001, inbound: 15006 };
/** Addresses that no pod has; the rules redirect connections to them. */
const elsewhere = { IPv4: '10.111.0.250', IPv6: 'fd11::250' };
const loopback = { IPv4: '127.0.0.1', IPv6: '::1' };

type Rules = 'none' | 'redirect' | 'tproxy' | 'nftables';

interface Path {
  readonly about: string;
  readonly rules: Rules;
  /** Client and server are in one pod. */
  readonly within: boolean;
  readonly target: 'loopback' | 'server' | 'elsewhere';
  readonly words: readonly string[];
}

const outbound = { within: true, target: 'elsewhere', words: ['--listen-port', String(ports.outbound)] } as const;
const inbound = { within: false, target: 'server', words: ['--listen-port', String(ports.inbound), '--client-uid', String(sidecar)] } as const;

export const paths: Readonly<Record<PathName, Path>> = {
  'same-pod': { about: 'over the loopback device of one pod', rules: 'none', within: true, target: 'loopback', words: [] },
  'cross-pod': { about: 'from pod to pod of one node, over veth and bridge', rules: 'none', within: false, target: 'server', words: [] },
  'redirect-out': { about: 'from an app to its own sidecar, by Istio’s iptables REDIRECT rules', rules: 'redirect', ...outbound },
  'redirect-in': { about: 'from a sidecar to the sidecar of another pod, by Istio’s iptables REDIRECT rules', rules: 'redirect', ...inbound },
  'tproxy-in': {
    about: 'from a sidecar to the sidecar of another pod, by Istio’s iptables TPROXY rules',
    rules: 'tproxy',
    ...inbound,
    words: [...inbound.words, '--transparent'],
  },
  'nftables-out': { about: 'from an app to its own sidecar, by Istio’s native nftables rules', rules: 'nftables', ...outbound },
  'nftables-in': { about: 'from a sidecar to the sidecar of another pod, by Istio’s native nftables rules', rules: 'nftables', ...inbound },
};

export interface Pair {
  readonly client: TestPod;
  readonly server: TestPod;
}

/** Makes two pods with a path's rules. @throws with the failed command where the machine lacks the command or the kernel refuses a rule */
export function makePair(node: TestNode, path: PathName): Pair {
  const pair = { client: node.addPod(), server: node.addPod() };
  for (const pod of [pair.client, pair.server]) setRules(node, pod, paths[path].rules);
  return pair;
}

function setRules(node: TestNode, pod: TestPod, rules: Rules): void {
  const istioScript = join(__dirname, '..', '..', 'stand', 'mesh', 'image', 'istio-rules.sh');
  const own = (file: string): string => join(__dirname, 'rules', file);
  if (rules === 'redirect') node.exec(pod, 'sh', istioScript);
  if (rules === 'tproxy') node.exec(pod, 'sh', own('tproxy.sh'));
  if (rules === 'nftables') node.exec(pod, 'nft', '-f', own('nftables.nft'));
}

/** The arguments of `probe run` with which a connection takes `path` between the pods of `pair`. */
export function probeWords(path: PathName, family: FamilyName, { client, server }: Pair, port: number): string[] {
  const { within, target, words } = paths[path];
  const destination = { loopback: loopback[family], server: family === 'IPv4' ? server.address : server.address6, elsewhere: elsewhere[family] };
  const netns = (pod: TestPod): string => join('/run/netns', pod.name);
  return ['--client', netns(within ? server : client), '--server', netns(server), '--connect', destination[target], '--port', String(port), ...words];
}
