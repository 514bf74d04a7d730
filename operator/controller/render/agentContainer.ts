// The container of an agent's pod: environment, privileges, probes and resources.
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
    // /healthz fails when the work of a second was not done for a minute. The kubelet restarts the agent after a minute without an answer as
    // well, and not earlier: on a busy node loading the programs can take 15 s, and a restarted agent begins again. On a node without a free
    // processor an agent takes minutes to start, so the startup probe gives it five minutes.
    startupProbe: { httpGet: { path: '/healthz', port: 'metrics' }, periodSeconds: 2, timeoutSeconds: 10, failureThreshold: 150 },
    livenessProbe: { httpGet: { path: '/healthz', port: 'metrics' }, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6 },
    // Readiness decides about the pace of a rollout, so it is probed often.
    readinessProbe: { httpGet: { path: '/readyz', port: 'metrics' }, periodSeconds: 2, timeoutSeconds: 2 },
    resources: resourcesOf(input),
    securityContext: securityContext(agent),
    volumeMounts: agentMounts(),
  };
}

/** The default of earlier releases, which the API server has stored in resources. It is too small, and no user has chosen it. */
const formerDefault = '256Mi';

/**
 * The resources of the container. Unless the spec has a memory limit, it is computed from connections.max, because the kernel charges the maps
 * to the agent. It is never less than the request, since the API server would refuse such a DaemonSet.
 */
function resourcesOf({ spec: { agent, connections } }: RenderInput) {
  const { limits, requests } = agent.resources;
  if (limits?.memory !== undefined && limits.memory !== formerDefault) return agent.resources;
  const needed = `${Math.ceil(agentMemoryBytes(connections.max) / 2 ** 20)}Mi`;
  const memory = requests?.memory !== undefined && scalarOf(requests.memory) > scalarOf(needed) ? requests.memory : needed;
  return { ...agent.resources, limits: { ...limits, memory } };
}

/**
 * Variables by which an agent holds less memory. By default V8 lets spaces of young objects grow to 16 MiB each, and keeps compilers for code
 * that runs once a second; the agent triggers garbage collections itself (ADR 15). The C library would keep freed memory, 10 MiB from the start;
 * with these thresholds it returns blocks of 32 KiB and more one by one, and the rest from 64 KiB on (mallopt(3)).
 */
export const agentMemory = [
  { name: 'NODE_OPTIONS', value: '--max-semi-space-size=1 --jitless --expose-gc' },
  { name: 'MALLOC_MMAP_THRESHOLD_', value: '32768' },
  { name: 'MALLOC_TRIM_THRESHOLD_', value: '65536' },
];

/** The variables that operator/agent/environment.ts reads. */
function environment({ spec, controllerAddress }: RenderInput) {
  return [
    { name: 'NODE_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } } },
    { name: 'CONTROLLER_ADDRESS', value: controllerAddress },
    { name: 'POD_UID', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.uid' } } },
    ...(spec.agent.criSocket === undefined ? [] : [{ name: 'CRI_SOCKET', value: spec.agent.criSocket }]),
    // A directory for each node, because nodes that are containers of one machine share the BPF file system.
    { name: 'PINS', value: `${pinRoot}/sidecar-acceleration/$(NODE_NAME)` },
    { name: 'OBJECT', value: '/app/build/ebpf/datapath.bpf.o' },
    { name: 'CA_FILE', value: caFile },
    { name: 'TOKEN_FILE', value: tokenFile },
    { name: 'LOG_LEVEL', value: spec.agent.logLevel },
    ...agentMemory,
  ];
}
