// The NetworkPolicies of the chart, rendered by the real helm without a cluster, against the pods that they select.
import { z } from 'zod';
import { specWith } from '../../../operator/controller/agents/agents.testing';
import { render as renderAgents } from '../../../operator/controller/render';
import { at, chartRenderer, objectOf, podsOf, type Rendered, type RenderChart } from '../../../release/gitops/chart';

const labels = z.record(z.string(), z.string());
const selector = z.object({
  matchLabels: labels.default({}),
  matchExpressions: z.array(z.object({ key: z.string(), operator: z.literal('In'), values: z.array(z.string()) })).default([]),
});
const rule = z.object({
  from: z.array(z.looseObject({ podSelector: selector.optional() })).optional(),
  to: z.array(z.looseObject({ podSelector: selector.optional() })).optional(),
  ports: z.array(z.object({ port: z.union([z.string(), z.int()]) })),
});
const policySpec = z.object({
  podSelector: selector,
  policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
  ingress: z.array(rule).default([]),
  egress: z.array(rule).default([]),
});
const template = z.looseObject({
  metadata: z.looseObject({ labels }),
  spec: z.looseObject({ containers: z.array(z.looseObject({ ports: z.array(z.looseObject({ name: z.string() })).default([]) })) }),
});

interface Pod {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly ports: readonly string[];
}

let render: RenderChart;
let pods: readonly Pod[];

beforeAll(async () => {
  render = await chartRenderer();
  const objects = await render({ resource: { create: true }, liveData: { enabled: true } });
  const ofChart = podsOf(objects).map(({ name, labels: own, spec }) => ({ name, labels: own, ports: portsOf({ containers: spec.containers }) }));
  pods = [...ofChart, agent()];
});

/** The pod that the controller makes on each node. */
function agent(): Pod {
  const owner = { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', name: 'default', uid: '1' };
  const input = {
    spec: specWith(),
    owner,
    namespace: 'n',
    image: 'i',
    pullPolicy: 'Never' as const,
    pullSecrets: [],
    controllerAddress: '10.0.0.1:9443',
    ca: '',
  };
  const daemonSet = renderAgents(input).find(({ kind }) => kind === 'DaemonSet');
  const pod = template.parse(at(daemonSet ?? {}, 'spec.template'));
  return { name: 'agent', labels: pod.metadata.labels, ports: portsOf(pod.spec) };
}

function portsOf(spec: object): string[] {
  return z
    .looseObject({ containers: z.array(z.looseObject({ ports: z.array(z.looseObject({ name: z.string() })).default([]) })) })
    .parse(spec)
    .containers.flatMap(({ ports }) => ports.map(({ name }) => name));
}

function policy(objects: readonly Rendered[], name: string): z.infer<typeof policySpec> {
  return policySpec.parse(at(objectOf(objects, 'NetworkPolicy', name), 'spec'));
}

function selected({ matchLabels, matchExpressions }: z.infer<typeof selector>): string[] {
  const matches = (pod: Pod): boolean =>
    Object.entries(matchLabels).every(([key, value]) => pod.labels[key] === value) &&
    matchExpressions.every(({ key, values }) => values.includes(pod.labels[key] ?? ''));
  return pods
    .filter(matches)
    .map(({ name }) => name)
    .sort();
}

/** The names of the pods that the peers of a rule select. */
const peers = (list: z.infer<typeof rule>['from']): string[] =>
  (list ?? []).flatMap(({ podSelector }) => (podSelector === undefined ? [] : selected(podSelector)));
const ports = (rules: readonly z.infer<typeof rule>[]): (string | number)[] => rules.flatMap((each) => each.ports.map(({ port }) => port)).sort();
const portsOfPod = (name: string): readonly string[] => [...(pods.find((pod) => pod.name === name)?.ports ?? [])].sort();

const controller = 'sidecar-acceleration-controller';
const jobs = ['sidecar-acceleration-drain', 'sidecar-acceleration-resource', 'sidecar-acceleration-test'];

test('the chart has no NetworkPolicy by default', async () => {
  expect((await render()).filter(({ kind }) => kind === 'NetworkPolicy')).toEqual([]);
});

test('the controller’s ports admit: for the channel agents alone, for metrics their readers, for live data the API server', async () => {
  const monitoring = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } };
  const spec = policy(await render({ liveData: { enabled: true }, networkPolicy: { enabled: true, metricsFrom: [monitoring] } }), controller);
  expect(selected(spec.podSelector)).toEqual([controller]);
  expect(spec.policyTypes).toEqual(['Ingress']);
  expect(ports(spec.ingress)).toEqual(portsOfPod(controller));
  const [streams, metrics, live] = spec.ingress;
  expect([peers(streams?.from), streams?.ports]).toEqual([['agent'], [{ port: 'grpc' }]]);
  expect(metrics).toEqual({ from: [monitoring], ports: [{ port: 'http' }] });
  expect(live).toEqual({ ports: [{ port: 'live' }] });
});

test('controller and jobs may connect to the API server at any address, and to nothing else', async () => {
  const spec = policy(await render({ networkPolicy: { enabled: true, apiServerPorts: [443, 16443] } }), 'sidecar-acceleration-api-clients');
  expect(selected(spec.podSelector)).toEqual([controller, ...jobs].sort());
  expect(spec).toMatchObject({ policyTypes: ['Egress'], egress: [{ ports: [{ port: 443 }, { port: 16443 }] }] });
  expect(spec.egress).toHaveLength(1);
});

test('an agent admits connections for metrics only, and may connect to its controller only', async () => {
  const spec = policy(await render({ networkPolicy: { enabled: true } }), 'sidecar-acceleration-agent');
  expect(selected(spec.podSelector)).toEqual(['agent']);
  expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
  expect(spec.ingress).toEqual([{ ports: [{ port: 'metrics' }] }]);
  expect(ports(spec.ingress)).toEqual(portsOfPod('agent'));
  expect([peers(spec.egress[0]?.to), spec.egress[0]?.ports, spec.egress.length]).toEqual([[controller], [{ port: 'grpc' }], 1]);
});
