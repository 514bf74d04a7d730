// doctor's checks of the installation: controller, Lease, agents, and the remains of an incomplete uninstallation.
import type { Facts, Pod, Workload } from './facts';
import { failure, named, ok, skipped, warning, type Finding } from './finding';
import { controllerName } from './place';

/** The leader renews its Lease every 1.5 s; a Lease that is older than this has no leader. */
const leaseTimeoutMs = 60_000;
const podSecurity = 'pod-security.kubernetes.io/enforce';

export function installationFindings(facts: Facts, now: Date): Finding[] {
  return [...placeFindings(facts), ...bindingFindings(facts), ...partsOf(facts, now)];
}

/** How doctor knows the namespace: an assumption and a contradiction are named, because a look-alike could lie in the other namespace. */
function bindingFindings({ place: { namespace, bound, isGiven }, controller }: Facts): Finding[] {
  if (bound === 'forbidden') {
    if (isGiven) return [];
    return [
      skipped(
        'controller',
        `this user may not read the ClusterRoleBinding ${controllerName}, so namespace ${namespace} is assumed; name the namespace with --namespace`,
      ),
    ];
  }
  if (bound.includes(namespace)) return [];
  if (bound.length > 0)
    return [
      warning(
        'controller',
        `the ClusterRoleBinding ${controllerName} names ${named(bound)}, and not ${namespace}`,
        'leave --namespace out, unless you mean the other namespace',
      ),
    ];
  if (controller === undefined || controller === 'forbidden') return [];
  return [
    failure(
      'controller',
      `the controller in ${namespace} has no rights: there is no ClusterRoleBinding ${controllerName}`,
      'install the chart again; if you have never installed it, another user has made this Deployment',
    ),
  ];
}

/** The controller may write workloads in its namespace; in a system namespace this right is as good as an administrator's. */
function placeFindings({ namespace }: Facts): Finding[] {
  if (!namespace.startsWith('kube-')) return [];
  return [
    failure(
      'controller',
      `namespace ${namespace} belongs to Kubernetes`,
      'install into a namespace of its own: helm install sidecar-acceleration ... -n sidecar-acceleration --create-namespace',
    ),
  ];
}

function partsOf(facts: Facts, now: Date): Finding[] {
  const { controller, agents } = facts;
  if (controller === 'forbidden')
    return [skipped('controller', `this user may not read deployments in ${facts.namespace}; set the controller's namespace with --namespace`)];
  if (controller === undefined) return [notInstalled(facts)];
  return [
    controllerFinding(controller, facts),
    ...leaseFindings(facts, now),
    ...securityFindings(facts),
    ...(agents === undefined ? [] : [agentsFinding(facts)]),
  ];
}

function notInstalled({ agents, resource, namespace }: Facts): Finding {
  const orphans = [
    ...(agents !== undefined && agents !== 'forbidden' ? [`agents in ${namespace}`] : []),
    ...(resource !== undefined && resource !== 'forbidden' ? ['the resource'] : []),
  ];
  if (orphans.length === 0) return ok('controller', 'not installed yet');
  return failure(
    'controller',
    `the controller is not installed, but there are ${orphans.join(' and ')}`,
    'install the chart again; to remove everything, then run accelctl drain and uninstall the chart',
  );
}

function controllerFinding({ metadata, spec, status }: Workload, { pods }: Facts): Finding {
  const image = spec.template.spec.containers[0]?.image ?? '';
  const what = `${status.readyReplicas} of ${spec.replicas} ready in ${metadata.namespace}, image ${image}`;
  if (spec.replicas === 0)
    return failure('controller', what, `no controller runs: kubectl -n ${metadata.namespace} scale deployment ${metadata.name} --replicas=2`);
  if (status.readyReplicas >= spec.replicas) return ok('controller', what);
  const causes = podProblems(pods, 'controller');
  const remedy = causes.length > 0 ? causes.join('; ') : `see kubectl -n ${metadata.namespace} describe deployment ${metadata.name}`;
  return (status.readyReplicas > 0 ? warning : failure)('controller', what, remedy);
}

function leaseFindings({ lease, namespace }: Facts, now: Date): Finding[] {
  if (lease === 'forbidden') return [skipped('controller', 'this user may not read its Lease')];
  const renewed = lease?.renewed?.getTime() ?? 0;
  if (now.getTime() - renewed <= leaseTimeoutMs) return [];
  return [
    failure(
      'controller',
      'no replica leads: the Lease is not being renewed',
      `see the log of the controller: kubectl -n ${namespace} logs deployment/sidecar-acceleration-controller`,
    ),
  ];
}

function securityFindings({ namespaces, namespace }: Facts): Finding[] {
  if (namespaces === undefined || namespaces === 'forbidden') return [];
  const level = namespaces.find(({ metadata }) => metadata.name === namespace)?.metadata.labels[podSecurity];
  if (level === undefined || level === 'privileged') return [];
  return [
    failure(
      'agents',
      `Pod Security of namespace ${namespace} enforces ${level}, which rejects the agents: they use the PID namespace and paths of their nodes`,
      `kubectl label namespace ${namespace} ${podSecurity}=privileged --overwrite`,
    ),
  ];
}

function agentsFinding({ agents, pods, namespace }: Facts): Finding {
  if (agents === 'forbidden' || agents === undefined) return skipped('agents', `this user may not read daemonsets in ${namespace}`);
  const { desiredNumberScheduled: desired, numberReady } = agents.status;
  const what = `${numberReady} of ${desired} ready`;
  if (numberReady >= desired) return ok('agents', what);
  const causes = podProblems(pods, 'agent');
  return failure(
    'agents',
    what,
    causes.length > 0 ? causes.join('; ') : `see kubectl -n ${namespace} get pods -l app.kubernetes.io/component=agent -o wide`,
  );
}

/** Why pods of a component are not ready: the messages of the kubelet and the scheduler, each one once with its nodes. */
function podProblems(pods: Facts['pods'], component: string): string[] {
  if (pods === undefined || pods === 'forbidden') return [];
  const byMessage = new Map<string, string[]>();
  for (const each of pods.filter(({ metadata }) => metadata.labels['app.kubernetes.io/component'] === component)) {
    const message = podProblem(each);
    if (message !== undefined) byMessage.set(message, [...(byMessage.get(message) ?? []), each.spec.nodeName || each.metadata.name]);
  }
  return [...byMessage].map(([message, where]) => `${message} (${named(where)})`);
}

function podProblem({ status }: Pod): string | undefined {
  const waiting = status.containerStatuses.map(({ state }) => state.waiting).find((each) => each !== undefined);
  if (waiting !== undefined) return [waiting.reason, waiting.message.split('\n')[0]].filter((part) => part !== '').join(': ');
  const unschedulable = status.conditions.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  return unschedulable?.message;
}
