// The objects that the real helm renders from the chart for various values, without a cluster.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { uninjected } from '../../../operator/api';
import { pages } from '../../stand/support/pages';
import { chartDirectory, chartRenderer, at, objectOf, podsOf, type RenderChart } from '../../../release/gitops/chart';

const controller = 'sidecar-acceleration-controller';
const digest = `sha256:${'0'.repeat(64)}`;

let render: RenderChart;

beforeAll(async () => {
  render = await chartRenderer();
});

function kinds(objects: readonly { kind: string; metadata: { name: string } }[]): string[] {
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
}

/** Values that switch every feature on. */
const everything = {
  networkPolicy: { enabled: true },
  metrics: {
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
    alerts: { enabled: true, labels: { release: 'prometheus' } },
    dashboard: { enabled: true },
  },
  resource: { create: true },
};

describe('the chart', () => {
  it('has the controller, its rights and the CRD, and no optional object', async () => {
    expect(kinds(await render({}, ['--no-hooks']))).toEqual([
      `ClusterRole ${controller}`,
      `ClusterRoleBinding ${controller}`,
      'CustomResourceDefinition sidecaraccelerations.acceleration.dev',
      `Deployment ${controller}`,
      `FlowSchema ${controller}`,
      'FlowSchema sidecar-acceleration-lease',
      `Lease ${controller}`,
      `PodDisruptionBudget ${controller}`,
      `Role ${controller}`,
      `Role ${controller}`,
      `RoleBinding ${controller}`,
      `RoleBinding ${controller}`,
      'Service sidecar-acceleration-channel',
      `Service ${controller}`,
      `ServiceAccount ${controller}`,
      'ValidatingAdmissionPolicy sidecar-acceleration-agents',
      `ValidatingAdmissionPolicy ${controller}`,
      'ValidatingAdmissionPolicyBinding sidecar-acceleration-agents',
      `ValidatingAdmissionPolicyBinding ${controller}`,
    ]);
  });

  it('has pods, jobs and tests included, that Pod Security admits at its strictest level', async () => {
    const pods = podsOf(await render(everything));
    expect(pods.map(({ name }) => name).sort()).toEqual([
      controller,
      'sidecar-acceleration-drain',
      'sidecar-acceleration-resource',
      'sidecar-acceleration-test',
    ]);
    for (const { spec } of pods) {
      expect(spec.securityContext).toEqual({ runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } });
      expect(spec.containers[0]?.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(spec.containers[0]?.resources).toMatchObject({ requests: { cpu: expect.any(String) }, limits: { memory: expect.any(String) } });
    }
  });

  it('has labels and annotations on all of its pods, as on the agents, that keep meshes from injecting a sidecar', async () => {
    const pods = podsOf(await render(everything));
    expect(pods).toHaveLength(4);
    for (const { labels, annotations } of pods) {
      expect(labels).toMatchObject(uninjected.labels);
      expect(annotations).toMatchObject(uninjected.annotations);
    }
  });

  it('has a Service and a PodDisruptionBudget that select the controller and not the jobs', async () => {
    const objects = await render(everything);
    const selectors = [
      at(objectOf(objects, 'Service', controller), 'spec.selector'),
      at(objectOf(objects, 'PodDisruptionBudget', controller), 'spec.selector.matchLabels'),
    ];
    for (const selector of selectors) {
      const matching = podsOf(objects).filter(({ labels }) => Object.entries(selector as object).every(([key, value]) => labels[key] === value));
      expect(matching.map(({ name }) => name)).toEqual([controller]);
    }
  });

  it('keeps the CRD when it is uninstalled, unless crds.keep is false, and has no CRD when crds.enabled is false', async () => {
    const crd = (objects: Awaited<ReturnType<RenderChart>>) => objects.find(({ kind }) => kind === 'CustomResourceDefinition');
    expect(crd(await render())?.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    expect(crd(await render({ crds: { keep: false } }))?.metadata.annotations).toEqual({});
    expect(crd(await render({ crds: { enabled: false } }))).toBeUndefined();
  });
});

it.each(['kube-system', 'kube-public', 'kube-node-lease'])('is not installed into %s', async (namespace) => {
  const into = await chartRenderer(namespace);
  const problem = await into().catch(String);
  expect(problem).toContain(
    `namespace ${namespace} belongs to Kubernetes: install into a namespace of its own, as in helm install sidecar-acceleration ... -n sidecar-acceleration --create-namespace`,
  );
});

describe('a value', () => {
  const placement = {
    replicas: 3,
    nodeSelector: { pool: 'system' },
    tolerations: [{ key: 'CriticalAddonsOnly', operator: 'Exists' }],
    priorityClassName: 'system-cluster-critical',
    podAnnotations: { team: 'mesh' },
    resources: { requests: { cpu: '1' } },
  };

  it('places the controller', async () => {
    const deployment = objectOf(await render(placement), 'Deployment', controller);
    expect(at(deployment, 'spec.replicas')).toBe(3);
    expect(at(deployment, 'spec.template.metadata.annotations')).toMatchObject({ team: 'mesh' });
    expect(at(deployment, 'spec.template.spec')).toMatchObject({
      nodeSelector: { pool: 'system' },
      tolerations: placement.tolerations,
      priorityClassName: 'system-cluster-critical',
    });
    expect(at(deployment, 'spec.template.spec.containers.0.resources.requests')).toEqual({ cpu: '1', memory: '128Mi' });
  });

  it('spreads replicas over nodes unless it names an affinity', async () => {
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] },
      },
    };
    const of = async (values: object) => at(objectOf(await render(values), 'Deployment', controller), 'spec.template.spec.affinity');
    expect(await of({})).toMatchObject({
      podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ podAffinityTerm: { topologyKey: 'kubernetes.io/hostname' } }] },
    });
    expect(await of({ affinity })).toEqual(affinity);
  });

  it('pins the image by digest for every pod, and through the controller for the agents', async () => {
    const objects = await render({
      ...everything,
      image: { repository: 'mirror.example/acc', digest, pullSecrets: [{ name: 'one' }, { name: 'two' }] },
    });
    expect(podsOf(objects).map(({ spec }) => spec.containers[0]?.image)).toEqual(Array(4).fill(`mirror.example/acc@${digest}`));
    const env = podsOf(objects).find(({ name }) => name === controller)?.spec.containers[0]?.env;
    expect(env).toContainEqual({ name: 'IMAGE', value: `mirror.example/acc@${digest}` });
    expect(env).toContainEqual({ name: 'IMAGE_PULL_SECRETS', value: 'one,two' });
    const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
    expect(accounts.map((account) => at(account, 'imagePullSecrets'))).toEqual(Array(4).fill([{ name: 'one' }, { name: 'two' }]));
  });

  it('adds further images to the admission policy of the controller, or switches the policy off', async () => {
    const objects = await render({ image: { repository: 'mirror.example:5000/acc' }, admissionPolicy: { images: ['old.example/acc'] } });
    expect(at(objectOf(objects, 'ValidatingAdmissionPolicy', 'sidecar-acceleration-agents'), 'spec.variables.0')).toEqual({
      name: 'released',
      expression: '["mirror.example:5000/acc","old.example/acc"]',
    });
    expect(kinds(await render({ admissionPolicy: { enabled: false } })).filter((name) => name.startsWith('Validating'))).toEqual([]);
  });

  it('puts the controller’s requests into levels of the API server apart from other ServiceAccounts, or leaves that out', async () => {
    const objects = await render();
    const lease = objectOf(objects, 'FlowSchema', 'sidecar-acceleration-lease');
    const rest = objectOf(objects, 'FlowSchema', controller);
    const account = [{ kind: 'ServiceAccount', serviceAccount: { name: controller, namespace: 'acceleration-system' } }];
    expect([lease, rest].map((each) => at(each, 'spec.rules.0.subjects'))).toEqual([account, account]);
    expect([lease, rest].map((each) => at(each, 'spec.priorityLevelConfiguration.name'))).toEqual(['leader-election', 'workload-high']);
    // The API server's schema for all ServiceAccounts has 9000; the lower number wins.
    const [first, second] = [lease, rest].map((each) => at(each, 'spec.matchingPrecedence') as number);
    expect(first).toBeLessThan(second ?? 0);
    expect(second).toBeLessThan(9000);
    expect(at(lease, 'spec.rules.0.resourceRules.0')).toMatchObject({ resources: ['leases'], namespaces: ['acceleration-system'] });
    expect(kinds(await render({ flowSchema: { enabled: false } })).filter((name) => name.startsWith('FlowSchema'))).toEqual([]);
  });

  it('limits evictions', async () => {
    const budget = objectOf(await render({ podDisruptionBudget: { maxUnavailable: '50%' } }), 'PodDisruptionBudget', controller);
    expect(at(budget, 'spec')).toMatchObject({ maxUnavailable: '50%', unhealthyPodEvictionPolicy: 'AlwaysAllow' });
  });

  it('adds a ServiceMonitor for the controller and one for the agents', async () => {
    const objects = await render(everything);
    for (const [component, port] of [
      ['controller', 'http'],
      ['agent', 'metrics'],
    ] as const) {
      const monitor = objectOf(objects, 'ServiceMonitor', `sidecar-acceleration-${component}`);
      expect(monitor.metadata.labels).toMatchObject({ release: 'prometheus' });
      expect(at(monitor, 'spec.selector.matchLabels')).toEqual({
        'app.kubernetes.io/name': 'sidecar-acceleration',
        'app.kubernetes.io/component': component,
      });
      expect(at(monitor, 'spec.endpoints.0')).toMatchObject({ port, interval: '30s' });
    }
  });

  it('adds live data: an APIService with the Service that leads to the leader, and a role for viewers of a namespace', async () => {
    const objects = await render({ liveData: { enabled: true } }, ['--no-hooks']);
    expect(kinds(objects).filter((name) => name.includes('live') || name.endsWith('view'))).toEqual([
      'APIService v1alpha1.live.acceleration.dev',
      'ClusterRole sidecar-acceleration-live',
      'ClusterRole sidecar-acceleration-view',
      'ClusterRoleBinding sidecar-acceleration-live',
      'RoleBinding sidecar-acceleration-live',
    ]);
    const service = at(objectOf(objects, 'APIService', 'v1alpha1.live.acceleration.dev'), 'spec.service');
    expect(service).toEqual({ name: 'sidecar-acceleration-channel', namespace: 'acceleration-system', port: 443 });
    const ports = at(objectOf(objects, 'Service', 'sidecar-acceleration-channel'), 'spec.ports');
    const env = podsOf(objects).find(({ name }) => name === controller)?.spec.containers[0]?.env;
    expect(ports).toContainEqual({ name: 'live', port: 443, targetPort: 10250 });
    expect(env).toContainEqual({ name: 'LIVE_PORT', value: '10250' });
    expect(objectOf(objects, 'ClusterRole', 'sidecar-acceleration-view').metadata.labels).toMatchObject({
      'rbac.authorization.k8s.io/aggregate-to-view': 'true',
    });
  });

  it('adds the alerts, unchanged, for the Prometheus operator', async () => {
    const rule = objectOf(await render(everything), 'PrometheusRule', 'sidecar-acceleration');
    expect(rule.metadata.labels).toMatchObject({ release: 'prometheus' });
    // Beside the ServiceMonitors the rules read one namespace; alerts.e2e.ts tries them.
    const alone = objectOf(await render({ metrics: { alerts: { enabled: true } } }), 'PrometheusRule', 'sidecar-acceleration');
    expect(at(alone, 'spec')).toEqual(parse(readFileSync(join(chartDirectory, 'alerts', 'sidecar-acceleration.yaml'), 'utf8')));
  });

  it('adds the dashboard in the form that Grafana reads', async () => {
    const config = objectOf(await render(everything), 'ConfigMap', 'sidecar-acceleration-dashboard');
    expect(config.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    expect(JSON.parse(Object.values(at(config, 'data') as Record<string, string>).join(''))).toMatchObject({ uid: 'sidecar-acceleration' });
  });

  it('adds a job that applies the resource and has no other rights', async () => {
    const objects = await render({ resource: { create: true, spec: { mode: 'Observe' } } });
    const job = objectOf(objects, 'Job', 'sidecar-acceleration-resource');
    expect(job.metadata.annotations['helm.sh/hook']).toBe('post-install,post-upgrade,post-rollback');
    const [, , flag, spec] = at(job, 'spec.template.spec.containers.0.args') as string[];
    expect(flag).toBe('--spec');
    expect(JSON.parse(spec ?? '')).toEqual({ mode: 'Observe', selector: { namespaces: { matchLabels: { 'istio-injection': 'enabled' } } } });
    expect(at(objectOf(objects, 'ClusterRole', 'sidecar-acceleration-resource'), 'rules')).toEqual([
      { apiGroups: ['acceleration.dev'], resources: ['sidecaraccelerations'], verbs: ['get', 'create', 'patch'] },
    ]);
  });

  it('sets the timeout of the job that drains every node before the uninstall, or leaves the job out', async () => {
    const job = objectOf(await render({ uninstall: { timeoutSeconds: 60 } }), 'Job', 'sidecar-acceleration-drain');
    expect(job.metadata.annotations['helm.sh/hook']).toBe('pre-delete');
    expect(at(job, 'spec.template.spec.containers.0.args')).toEqual(['drain', '--timeout=60s']);
    expect(kinds(await render({ uninstall: { drain: false } })).filter((name) => name.includes('drain'))).toEqual([]);
  });
});

describe('a value that is wrong is refused by name:', () => {
  it.each([
    ['an unknown one', { imagee: {} }, "'imagee'"],
    ['an unknown pull policy', { image: { pullPolicy: 'Sometimes' } }, "'Always', 'IfNotPresent', 'Never'"],
    ['a tag where a digest belongs', { image: { digest: 'v1' } }, "'/image/digest'"],
    ['no replica', { replicas: 0 }, "'/replicas'"],
    ['a repository with quotes', { image: { repository: "a'b" } }, "'/image/repository'"],
    ['a tag with a space', { image: { tag: 'v1 x' } }, "'/image/tag'"],
    ['a pull secret of two lines', { image: { pullSecrets: [{ name: 'a\nb' }] } }, "'/image/pullSecrets/0/name'"],
    ['a priority class of two lines', { priorityClassName: 'a\nb' }, "'/priorityClassName'"],
    ['a repository of agents with CEL in it', { admissionPolicy: { images: ['a"] + ["b'] } }, "'/admissionPolicy/images/0'"],
    ['a misspelt field of the resource', { resource: { spec: { mod: 'Off' } } }, "'mod'"],
    ['a bare Off, which YAML takes for false', { resource: { spec: { mode: false } } }, "'/resource/spec/mode': got boolean, want string"],
    ['too short a wait', { uninstall: { timeoutSeconds: 1 } }, "'/uninstall/timeoutSeconds'"],
  ])('%s', async (_what, values, words) => {
    await expect(render(values)).rejects.toThrow(words);
  });
});

describe('a value with YAML in it stays one value', () => {
  const text = `x'"\\n      hostPID: true #`;

  it.each([
    ['the priority class', { priorityClassName: text }, 'Deployment', controller, 'spec.template.spec.priorityClassName', text],
    ['the priority class of jobs', { priorityClassName: text }, 'Job', 'sidecar-acceleration-drain', 'spec.template.spec.priorityClassName', text],
    ['the pull policy', { image: { pullPolicy: text } }, 'Deployment', controller, 'spec.template.spec.containers.0.imagePullPolicy', text],
    [
      'a pull secret',
      { image: { pullSecrets: [{ name: text }, { name: 'b' }] } },
      'Deployment',
      controller,
      'spec.template.spec.containers.0.env.4.value',
      `${text},b`,
    ],
    ['the level of the log', { logLevel: text }, 'Deployment', controller, 'spec.template.spec.containers.0.env.7.value', text],
    [
      'an image of agents',
      { admissionPolicy: { images: [text] } },
      'ValidatingAdmissionPolicy',
      'sidecar-acceleration-agents',
      'spec.variables.0.expression',
      JSON.stringify(['sidecar-acceleration', text]),
    ],
    [
      'the interval of scrapes',
      { metrics: { serviceMonitor: { enabled: true, interval: text } } },
      'ServiceMonitor',
      'sidecar-acceleration-agent',
      'spec.endpoints.0.interval',
      text,
    ],
  ])('%s', async (_what, values, kind, name, path, expected) => {
    // Without the schema, as with helm's flag of that name, the quotes alone hold.
    const objects = await render(values, ['--skip-schema-validation']);
    expect(at(objectOf(objects, kind, name), path)).toBe(expected);
    expect(kinds(objects).length).toBe(kinds(await render('metrics' in values ? { metrics: { serviceMonitor: { enabled: true } } } : {})).length);
  });

  it('the namespace of a release, which may look like a number', async () => {
    const inNumber = await chartRenderer('1234');
    expect((await inNumber({}, ['--no-hooks'])).map(({ metadata: { namespace } }) => typeof namespace)).not.toContain('number');
  });
});

describe('a value that the documentation sets', () => {
  const set = pages().flatMap(({ path, text }) =>
    [...text.matchAll(/--set[ =](?<value>[a-z][\w.]*=[^\s`,]+(,[a-z][\w.]*=[^\s`,]+)*)/gi)].map(({ groups }) => [groups?.['value'] ?? '', path]),
  );

  it.each(set)('is one that the chart has: %s in %s', async (value) => {
    const given = value
      .replace('image.repository=...', 'image.repository=registry.example/acc')
      .replace('image.digest=...', `image.digest=${digest}`);
    expect((await render({}, ['--set', given])).length).toBeGreaterThan(0);
  });

  it('is found in at least some pages', () => {
    expect(set.length).toBeGreaterThan(2);
  });
});
