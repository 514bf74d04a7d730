import { z } from 'zod';
import { specWith } from '../agents/agents.testing';
import { agentTemplate, render, type RenderInput } from './index';

const input: RenderInput = {
  spec: specWith(),
  owner: { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', name: 'default', uid: '1d0a' },
  namespace: 'acceleration',
  image: 'acceleration:0.1.0',
  pullPolicy: 'IfNotPresent',
  pullSecrets: ['mirror'],
  controllerAddress: '10.96.7.7:9443',
  ca: '-----BEGIN CERTIFICATE-----\n',
};

const named = z.object({ name: z.string() }).loose();
const daemonSet = z.object({
  kind: z.literal('DaemonSet'),
  metadata: z.unknown(),
  spec: z.object({
    selector: z.unknown(),
    updateStrategy: z.unknown(),
    template: z.object({
      metadata: z.unknown(),
      spec: z
        .object({ containers: z.array(named.extend({ env: z.array(named), volumeMounts: z.array(named) })).length(1), volumes: z.array(named) })
        .loose(),
    }),
  }),
});

function daemonSetOf(changes: Partial<RenderInput> = {}) {
  return daemonSet.parse(render({ ...input, ...changes })[3]);
}

function templateOf(spec: object) {
  return daemonSetOf({ spec: specWith(spec) }).spec.template;
}

function containerOf(spec: object = {}) {
  const [container] = templateOf(spec).spec.containers;
  if (container === undefined) throw new Error('the agent pod has no container');
  return container;
}

const valueOf = (list: readonly z.infer<typeof named>[], name: string): unknown => list.find((each) => each.name === name);

describe('the rendered objects', () => {
  it('are in an order in which no object refers to a later one', () => {
    expect(render(input).map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
      'ServiceAccount acceleration/sidecar-acceleration-agent',
      'ConfigMap acceleration/sidecar-acceleration-channel',
      'Service acceleration/sidecar-acceleration-agent',
      'DaemonSet acceleration/sidecar-acceleration-agent',
    ]);
  });

  it('are the same for the same input', () => {
    expect(render(input)).toEqual(render({ ...input, spec: specWith() }));
  });

  it('are owned by the resource, without blockOwnerDeletion', () => {
    for (const { metadata } of render(input)) {
      expect(metadata).toMatchObject({
        ownerReferences: [
          {
            apiVersion: 'acceleration.dev/v1alpha1',
            kind: 'SidecarAcceleration',
            name: 'default',
            uid: '1d0a',
            controller: true,
            blockOwnerDeletion: false,
          },
        ],
        labels: { 'app.kubernetes.io/name': 'sidecar-acceleration', 'app.kubernetes.io/managed-by': 'sidecar-acceleration' },
      });
    }
  });

  it('give the agents no token for the API server', () => {
    expect(render(input)[0]).toMatchObject({ kind: 'ServiceAccount', automountServiceAccountToken: false });
    expect(daemonSetOf().spec.template.spec['automountServiceAccountToken']).toBe(false);
  });

  it('have a ConfigMap with the authorities, which is mounted as a file', () => {
    expect(render(input)[1]).toMatchObject({ data: { 'ca.crt': input.ca } });
  });

  it('have a headless Service for the metrics of each agent', () => {
    expect(render(input)[2]).toMatchObject({
      spec: {
        clusterIP: 'None',
        selector: { 'app.kubernetes.io/component': 'agent' },
        ports: [{ name: 'metrics', port: 9090, targetPort: 'metrics' }],
      },
    });
  });
});

describe('the DaemonSet', () => {
  it('has the update strategy OnDelete, because the rollout replaces agents', () => {
    expect(daemonSetOf().spec.updateStrategy).toEqual({ type: 'OnDelete' });
  });

  it('has the revision as a label of the pods, and a former template if one is given', () => {
    const { revision, template } = agentTemplate(input);
    expect(revision).toMatch(/^[0-9a-f]{10}$/);
    expect(daemonSetOf().spec.template.metadata).toMatchObject({ labels: { 'acceleration.dev/revision': revision } });
    const other = { ...input, spec: specWith({ agent: { logLevel: 'debug' } }) };
    expect(agentTemplate(other).revision).not.toBe(revision);
    expect(daemonSetOf({ ...other, template }).spec.template).toEqual(daemonSetOf().spec.template);
  });

  it('schedules agents on architectures of the image, and not on virtual nodes', () => {
    const terms = [
      {
        matchExpressions: [
          { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64', 'arm64'] },
          { key: 'eks.amazonaws.com/compute-type', operator: 'NotIn', values: ['fargate'] },
          { key: 'type', operator: 'NotIn', values: ['virtual-kubelet'] },
        ],
      },
    ];
    expect(templateOf({}).spec['affinity']).toEqual({
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
    });
  });

  it('keeps meshes from injecting a sidecar into agents', () => {
    expect(templateOf({}).metadata).toMatchObject({
      labels: { 'sidecar.istio.io/inject': 'false', 'istio.io/dataplane-mode': 'none', 'kuma.io/sidecar-injection': 'disabled' },
      annotations: { 'linkerd.io/inject': 'disabled', 'consul.hashicorp.com/connect-inject': 'false' },
    });
  });

  it('has a selector that matches its template', () => {
    const { selector, template } = daemonSetOf().spec;
    expect(template.metadata).toMatchObject({ labels: (selector as { matchLabels: object }).matchLabels });
  });

  it('schedules agents on Linux nodes only, whatever the resource has', () => {
    const nodes = { nodeSelector: { pool: 'mesh', 'kubernetes.io/os': 'windows' }, tolerations: [{ key: 'dedicated', operator: 'Exists' }] };
    expect(templateOf({ nodes }).spec).toMatchObject({ nodeSelector: { pool: 'mesh', 'kubernetes.io/os': 'linux' }, tolerations: nodes.tolerations });
  });

  it('shares the PID namespace of the node and not its network namespace', () => {
    expect(templateOf({}).spec).toMatchObject({
      hostPID: true,
      hostNetwork: false,
      terminationGracePeriodSeconds: 10,
      imagePullSecrets: [{ name: 'mirror' }],
    });
  });
});

describe('the agent', () => {
  it('runs the image of the controller', () => {
    expect(containerOf()).toMatchObject({
      image: 'acceleration:0.1.0',
      imagePullPolicy: 'IfNotPresent',
      command: ['node', '/app/dist/operator/agent/main.js'],
    });
  });

  it('runs the image of the resource, if it has one', () => {
    expect(containerOf({ agent: { image: 'mirror/acceleration:7' } })['image']).toBe('mirror/acceleration:7');
  });

  it('has the memory limit that connections.max needs, unless the resource has another limit', () => {
    const limits = (spec: object): unknown => (containerOf(spec)['resources'] as { limits?: unknown }).limits;
    expect(limits({})).toEqual({ memory: '352Mi' });
    expect(limits({ connections: { max: 131_072 } })).toEqual({ memory: '512Mi' });
    expect(limits({ agent: { resources: { limits: { cpu: '1' } } } })).toEqual({ cpu: '1', memory: '352Mi' });
    expect(limits({ agent: { resources: { limits: { memory: '1Gi' } } } })).toEqual({ memory: '1Gi' });
    expect(limits({ agent: { resources: { limits: { memory: '256Mi' } } } })).toEqual({ memory: '352Mi' }); // 256Mi is the default of an earlier release
  });

  it.each([
    ['512Mi', '512Mi'],
    ['0.5Gi', '0.5Gi'],
    ['400000k', '400000k'],
    ['536870912', '536870912'],
    ['64Mi', '352Mi'],
  ])('has a memory limit that is not less than its request: %s results in %s', (memory, limit) => {
    expect(containerOf({ agent: { resources: { requests: { memory } } } })['resources']).toEqual({ requests: { memory }, limits: { memory: limit } });
  });

  it('has variables by which it returns unused memory', () => {
    const env = Object.fromEntries(containerOf().env.map((each) => [each.name, each['value']]));
    expect(env).toMatchObject({
      NODE_OPTIONS: '--max-semi-space-size=1 --jitless --expose-gc',
      MALLOC_MMAP_THRESHOLD_: '32768',
      MALLOC_TRIM_THRESHOLD_: '65536',
    });
  });

  it('has variables with its node, its pod and the controller’s address', () => {
    const env = Object.fromEntries(containerOf({ agent: { logLevel: 'debug' } }).env.map((each) => [each.name, each['value'] ?? each['valueFrom']]));
    expect(env).toMatchObject({
      NODE_NAME: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } },
      CONTROLLER_ADDRESS: '10.96.7.7:9443',
      POD_UID: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.uid' } },
      PINS: '/sys/fs/bpf/sidecar-acceleration/$(NODE_NAME)',
      OBJECT: '/app/build/ebpf/datapath.bpf.o',
      CA_FILE: '/etc/sidecar-acceleration/channel/ca.crt',
      TOKEN_FILE: '/var/run/secrets/acceleration.dev/agent/token',
      LOG_LEVEL: 'debug',
    });
  });

  it('finds the runtime’s socket itself, unless the resource has a path', () => {
    expect(containerOf().env.map(({ name }) => name)).not.toContain('CRI_SOCKET');
    expect(valueOf(containerOf({ agent: { criSocket: '/run/own/cri.sock' } }).env, 'CRI_SOCKET')).toEqual({
      name: 'CRI_SOCKET',
      value: '/run/own/cri.sock',
    });
  });

  it('mounts /sys/fs/bpf and /sys/fs/cgroup of the host only, whatever socket the resource has', () => {
    for (const agent of [{}, { criSocket: '/run/own/cri.sock' }]) {
      const paths = templateOf({ agent }).spec.volumes.flatMap((volume) =>
        'hostPath' in volume ? [(volume['hostPath'] as { path: string }).path] : [],
      );
      expect(paths).toEqual(['/sys/fs/bpf', '/sys/fs/cgroup']);
    }
  });

  it('sees later mounts of the node, and has the cgroups read-only', () => {
    const { volumeMounts } = containerOf();
    expect(valueOf(volumeMounts, 'bpf')).toEqual({ name: 'bpf', mountPath: '/sys/fs/bpf', mountPropagation: 'HostToContainer' });
    expect(valueOf(volumeMounts, 'cgroup')).toEqual({
      name: 'cgroup',
      mountPath: '/sys/fs/cgroup',
      mountPropagation: 'HostToContainer',
      readOnly: true,
    });
    expect(valueOf(templateOf({}).spec.volumes, 'bpf')).toEqual({ name: 'bpf', hostPath: { path: '/sys/fs/bpf', type: 'DirectoryOrCreate' } });
  });

  it('has the capabilities of agentCapabilities only, and a read-only root file system', () => {
    expect(containerOf()['securityContext']).toEqual({
      runAsUser: 0,
      runAsGroup: 0,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'SYS_PTRACE', 'SYS_ADMIN'] },
      seccompProfile: { type: 'RuntimeDefault' },
      appArmorProfile: { type: 'Unconfined' },
      seLinuxOptions: { type: 'spc_t' },
    });
    expect(containerOf({ agent: { privileges: 'Privileged' } })['securityContext']).toEqual({
      runAsUser: 0,
      runAsGroup: 0,
      readOnlyRootFilesystem: true,
      privileged: true,
    });
  });

  it('has the priority class of the resource, or the default one', () => {
    expect(templateOf({ agent: { priorityClassName: 'system-node-critical' } }).spec).toMatchObject({ priorityClassName: 'system-node-critical' });
    expect(templateOf({}).spec).not.toHaveProperty('priorityClassName');
  });

  it('has a token with the audience of the controller', () => {
    expect(valueOf(templateOf({}).spec.volumes, 'token')).toEqual({
      name: 'token',
      projected: { sources: [{ serviceAccountToken: { audience: 'acceleration.dev/agent', expirationSeconds: 600, path: 'token' } }] },
    });
  });
});

describe('the pod template', () => {
  it.each<[string, object]>([
    ['mode', { mode: 'Off' }],
    ['selector', { selector: { namespaces: { matchLabels: { a: 'b' } }, pods: { matchLabels: { a: 'b' } } } }],
    ['paths', { paths: ['NodeLocal'] }],
    ['connections', { connections: { max: 7, spillBytes: 8192 } }],
    ['rollout', { rollout: { maxUnavailable: 3, canary: { count: 2 }, paused: true } }],
  ])('does not depend on spec.%s, which is part of the order', (_, spec) => {
    expect(templateOf(spec)).toEqual(templateOf({}));
  });

  it('does not depend on the authorities, which agents read at each connect', () => {
    expect(daemonSetOf({ ca: 'another' })).toEqual(daemonSetOf());
  });

  it.each<[string, Partial<RenderInput>]>([
    ['spec.agent', { spec: specWith({ agent: { logLevel: 'debug' } }) }],
    ['spec.nodes', { spec: specWith({ nodes: { nodeSelector: { pool: 'mesh' } } }) }],
    ['the image', { image: 'acceleration:0.2.0' }],
    ['the address of the controller', { controllerAddress: '10.96.7.8:9443' }],
  ])('depends on %s', (_, changes) => {
    expect(daemonSetOf(changes).spec.template).not.toEqual(daemonSetOf().spec.template);
  });
});
