// The one container of an agent pod: its environment, its privileges and how the kubelet asks after it.
import type { RenderInput } from './input';
import { metricsPort } from './names';
import { agentMounts, caFile, criSocket, pinRoot, tokenFile } from './volumes';

export function agentContainer(input: RenderInput) {
  const { agent } = input.spec;
  return {
    name: 'agent',
    image: agent.image ?? input.image,
    imagePullPolicy: input.pullPolicy,
    command: ['node', '/app/dist/operator/agent/main.js'],
    env: environment(input),
    ports: [{ name: 'metrics', containerPort: metricsPort }],
    // The work of a second not being done for a minute is what /healthz calls dead; three in a row are no hiccup.
    livenessProbe: { httpGet: { path: '/healthz', port: 'metrics' }, initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    // Ready paces the rollout, so it is asked often.
    readinessProbe: { httpGet: { path: '/readyz', port: 'metrics' }, periodSeconds: 2, timeoutSeconds: 2 },
    resources: agent.resources,
    securityContext: {
      // Loading programs and attaching them to the pods' cgroup needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, or
      // CAP_SYS_ADMIN where the kernel has none of these; reading other pods' network namespaces in /proc needs
      // CAP_SYS_PTRACE; and only a privileged container may share mounts with the host in both directions.
      privileged: true,
      runAsUser: 0,
      runAsGroup: 0,
      readOnlyRootFilesystem: true,
    },
    volumeMounts: agentMounts(input.spec),
  };
}

/** As operator/agent/environment.ts reads it. */
function environment({ spec, controllerAddress }: RenderInput) {
  return [
    { name: 'NODE_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } } },
    { name: 'CONTROLLER_ADDRESS', value: controllerAddress },
    { name: 'CRI_SOCKET', value: criSocket(spec) },
    // By node, because nodes that are containers of one machine share one BPF file system.
    { name: 'PINS', value: `${pinRoot}/sidecar-acceleration/$(NODE_NAME)` },
    { name: 'OBJECT', value: '/app/build/ebpf/datapath.bpf.o' },
    { name: 'CA_FILE', value: caFile },
    { name: 'TOKEN_FILE', value: tokenFile },
    { name: 'LOG_LEVEL', value: spec.agent.logLevel },
  ];
}
