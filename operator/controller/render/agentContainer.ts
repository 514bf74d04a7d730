// The one container of an agent pod: its environment, its privileges and how the kubelet asks after it.
import { agentMemoryBytes, scalarOf } from '../../api';
import type { RenderInput } from './input';
import { metricsPort } from './names';
import { securityContext } from './privileges';
import { agentMounts, caFile, pinRoot, tokenFile } from './volumes';

export function agentContainer(input: RenderInput) {
  const { agent } = input.spec;
  return {
    name: 'agent',
    image: agent.image ?? input.image,
    imagePullPolicy: input.pullPolicy,
    command: ['node', '/app/dist/operator/agent/main.js'],
    env: environment(input),
    ports: [{ name: 'metrics', containerPort: metricsPort }],
    // The work of a second not being done for a minute is what /healthz calls dead. No answer for a minute is, too; less is not: on a busy
    // node loading the programs alone can take a quarter of that, and whoever is killed for it has to begin again.
    // On a node without a processor to spare an agent takes minutes to start; killed meanwhile it would never.
    startupProbe: { httpGet: { path: '/healthz', port: 'metrics' }, periodSeconds: 2, timeoutSeconds: 10, failureThreshold: 150 },
    livenessProbe: { httpGet: { path: '/healthz', port: 'metrics' }, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6 },
    // Ready paces the rollout, so it is asked often.
    readinessProbe: { httpGet: { path: '/readyz', port: 'metrics' }, periodSeconds: 2, timeoutSeconds: 2 },
    resources: resourcesOf(input),
    securityContext: securityContext(agent),
    volumeMounts: agentMounts(),
  };
}

/** What earlier releases had as default, and the API server wrote into resources: nobody has asked for it, and it is too little. */
const formerDefault = '256Mi';

/**
 * The maps are charged to the agent, so its limit follows from what connections may take, unless the resource says another. It is never less
 * than what is requested: the API server would refuse the DaemonSet.
 */
function resourcesOf({ spec: { agent, connections } }: RenderInput) {
  const { limits, requests } = agent.resources;
  if (limits?.memory !== undefined && limits.memory !== formerDefault) return agent.resources;
  const needed = `${Math.ceil(agentMemoryBytes(connections.max) / 2 ** 20)}Mi`;
  const memory = requests?.memory !== undefined && scalarOf(requests.memory) > scalarOf(needed) ? requests.memory : needed;
  return { ...agent.resources, limits: { ...limits, memory } };
}

/**
 * Every node pays for what an agent holds. V8 keeps young objects in spaces that grow to 16 MiB each unless told, and compilers for code
 * that runs once a second; its garbage is collected when the agent asks for it (ADR 15). The C library keeps what was freed, 10 MiB from
 * the start alone, unless blocks of 32 KiB are given back one by one, and the rest from 64 KiB on (mallopt(3)).
 */
export const agentMemory = [
  { name: 'NODE_OPTIONS', value: '--max-semi-space-size=1 --jitless --expose-gc' },
  { name: 'MALLOC_MMAP_THRESHOLD_', value: '32768' },
  { name: 'MALLOC_TRIM_THRESHOLD_', value: '65536' },
];

/** As operator/agent/environment.ts reads it. */
function environment({ spec, controllerAddress }: RenderInput) {
  return [
    { name: 'NODE_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } } },
    { name: 'CONTROLLER_ADDRESS', value: controllerAddress },
    { name: 'POD_UID', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.uid' } } },
    ...(spec.agent.criSocket === undefined ? [] : [{ name: 'CRI_SOCKET', value: spec.agent.criSocket }]),
    // By node, because nodes that are containers of one machine share one BPF file system.
    { name: 'PINS', value: `${pinRoot}/sidecar-acceleration/$(NODE_NAME)` },
    { name: 'OBJECT', value: '/app/build/ebpf/datapath.bpf.o' },
    { name: 'CA_FILE', value: caFile },
    { name: 'TOKEN_FILE', value: tokenFile },
    { name: 'LOG_LEVEL', value: spec.agent.logLevel },
    ...agentMemory,
  ];
}
