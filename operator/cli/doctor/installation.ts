// What is installed: controller, Lease, agents; and the halves of an installation that somebody left behind.
import type { Facts, Pod, Workload } from './facts';
import { failure, named, ok, skipped, warning, type Finding } from './finding';

/** The leader renews its Lease every two seconds; after this long nobody leads. */
const leaseSilenceMs = 60_000;
const podSecurity = 'pod-security.kubernetes.io/enforce';

export function installationFindings(facts: Facts, now: Date): Finding[] {
  return [...placeFindings(facts), ...partsOf(facts, now)];
}

/** Who may write there is an administrator already, and so would be whoever reaches the controller. */
function placeFindings({ namespace }: Facts): Finding[] {
  if (!namespace.startsWith('kube-')) return [];
  return [failure('controller', `namespace ${namespace} belongs to Kubernetes`, 'install into a namespace of its own: helm install sidecar-acceleration ... -n sidecar-acceleration --create-namespace')];
}

function partsOf(facts: Facts, now: Date): Finding[] {
  const { controller, agents } = facts;
  if (controller === 'forbidden') return [skipped('controller', `this user may not read deployments in ${facts.namespace}; name the right namespace with --namespace`)];
  if (controller === undefined) return [notInstalled(facts)];
  return [controllerFinding(controller, facts), ...leaseFindings(facts, now), ...securityFindings(facts), ...(agents === undefined ? [] : [agentsFinding(facts)])];
}

function notInstalled({ agents, resource, namespace }: Facts): Finding {
  const orphans = [
    ...(agents !== undefined && agents !== 'forbidden' ? [`agents in ${namespace}`] : []),
    ...(resource !== undefined && resource !== 'forbidden' ? ['the resource'] : []),
  ];
  if (orphans.length === 0) return ok('controller', 'not installed yet');
  return failure('controller', `it is not installed, but ${orphans.join(' and ')} ${orphans.length === 1 && orphans[0] !== 'the resource' ? 'are' : 'is'} there: nobody gives orders`, 'install the chart again; to be rid of everything, run accelctl drain then, and uninstall');
}

function controllerFinding({ metadata, spec, status }: Workload, { pods }: Facts): Finding {
  const image = spec.template.spec.containers[0]?.image ?? '';
  const what = `${status.readyReplicas} of ${spec.replicas} ready in ${metadata.namespace}, image ${image}`;
  if (spec.replicas === 0) return failure('controller', what, `nobody gives orders: kubectl -n ${metadata.namespace} scale deployment ${metadata.name} --replicas=2`);
  if (status.readyReplicas >= spec.replicas) return ok('controller', what);
  const why = troubles(pods, 'controller');
  const remedy = why.length > 0 ? why.join('; ') : `see kubectl -n ${metadata.namespace} describe deployment ${metadata.name}`;
  return (status.readyReplicas > 0 ? warning : failure)('controller', what, remedy);
}

function leaseFindings({ lease, namespace }: Facts, now: Date): Finding[] {
  if (lease === 'forbidden') return [skipped('controller', 'this user may not read its Lease')];
  const renewed = lease?.renewed?.getTime() ?? 0;
  if (now.getTime() - renewed <= leaseSilenceMs) return [];
  return [failure('controller', 'no replica leads: the Lease is not being renewed', `see its log: kubectl -n ${namespace} logs deployment/sidecar-acceleration-controller`)];
}

function securityFindings({ namespaces, namespace }: Facts): Finding[] {
  if (namespaces === undefined || namespaces === 'forbidden') return [];
  const level = namespaces.find(({ metadata }) => metadata.name === namespace)?.metadata.labels[podSecurity];
  if (level === undefined || level === 'privileged') return [];
  return [failure('agents', `Pod Security of namespace ${namespace} enforces ${level}: agents, which see processes and paths of their nodes, are not admitted`, `kubectl label namespace ${namespace} ${podSecurity}=privileged --overwrite`)];
}

function agentsFinding({ agents, pods, namespace }: Facts): Finding {
  if (agents === 'forbidden' || agents === undefined) return skipped('agents', `this user may not read daemonsets in ${namespace}`);
  const { desiredNumberScheduled: desired, numberReady } = agents.status;
  const what = `${numberReady} of ${desired} ready`;
  if (numberReady >= desired) return ok('agents', what);
  const why = troubles(pods, 'agent');
  return failure('agents', what, why.length > 0 ? why.join('; ') : `see kubectl -n ${namespace} get pods -l app.kubernetes.io/component=agent -o wide`);
}

/** Why pods of a component are not ready, in the words of the kubelet and the scheduler; the same words once. */
function troubles(pods: Facts['pods'], component: string): string[] {
  if (pods === undefined || pods === 'forbidden') return [];
  const byWords = new Map<string, string[]>();
  for (const each of pods.filter(({ metadata }) => metadata.labels['app.kubernetes.io/component'] === component)) {
    const words = troubleOf(each);
    if (words !== undefined) byWords.set(words, [...(byWords.get(words) ?? []), each.spec.nodeName || each.metadata.name]);
  }
  return [...byWords].map(([words, where]) => `${words} (${named(where)})`);
}

function troubleOf({ status }: Pod): string | undefined {
  const waiting = status.containerStatuses.map(({ state }) => state.waiting).find((each) => each !== undefined);
  if (waiting !== undefined) return [waiting.reason, waiting.message.split('\n')[0]].filter((part) => part !== '').join(': ');
  const unschedulable = status.conditions.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  return unschedulable?.message;
}
