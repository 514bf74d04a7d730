// What the resource asks for and what came of it: conditions, nodes that cannot, and namespaces that were meant otherwise.
import { matchesLabels, modeLabel, modeLabelOff, nodeReasons, systemNamespaces, type SidecarAcceleration } from '../../api';
import type { Caveats } from '../caveats';
import { howToBegin } from '../failure';
import { readinessOf } from '../readiness';
import type { Facts } from './facts';
import { failure, named, ok, skipped, warning, type Finding } from './finding';

export function resourceFindings({ resource, namespaces, controller, caveats }: Facts): Finding[] {
  if (resource === 'forbidden') return [skipped('resource', 'this user may not read sidecaraccelerations')];
  const isInstalled = controller !== undefined && controller !== 'forbidden';
  if (resource === undefined) return isInstalled ? [warning('resource', 'there is none, so nothing is accelerated', howToBegin)] : [];
  return [readyFinding(resource), ...nodesThatCannot(resource), ...namespaceFindings(resource, namespaces, caveats)];
}

function readyFinding(resource: SidecarAcceleration): Finding {
  const { ready, message } = readinessOf(resource);
  if (ready) return ok('resource', `mode ${resource.spec.mode}, ready: ${message}`);
  if (resource.metadata.deletionTimestamp !== undefined) return failure('resource', `it is being deleted: ${message}`, 'wait; if it does not move, look at the controller above: its finalizer waits for it');
  return failure('resource', `mode ${resource.spec.mode}, not ready: ${message}`, 'see accelctl status');
}

function nodesThatCannot({ status }: SidecarAcceleration): Finding[] {
  return (status?.nodes?.unsupported ?? []).map(({ reason, nodes, examples, message }) => failure('nodes', `${reason} on ${nodes} (${named(examples)}): ${message}`, nodeReasons[reason].remedy));
}

function namespaceFindings({ spec }: SidecarAcceleration, namespaces: Facts['namespaces'], caveats: Caveats): Finding[] {
  if (namespaces === 'forbidden' || namespaces === undefined) return [skipped('namespaces', 'this user may not list namespaces')];
  const candidates = namespaces.filter(({ metadata }) => !systemNamespaces.includes(metadata.name) && matchesLabels(spec.selector.namespaces, metadata.labels));
  const misspelt = candidates.filter(({ metadata: { labels } }) => ![undefined, '', modeLabelOff].includes(labels[modeLabel])).map(({ metadata }) => metadata.name);
  const chosen = candidates.filter(({ metadata: { labels } }) => labels[modeLabel] !== modeLabelOff).map(({ metadata }) => metadata.name);
  const selected = chosen.length;
  return [
    selected > 0 ? ok('namespaces', `${selected} selected, ${candidates.length - selected} of them that match have opted out`) : warning('namespaces', 'spec.selector.namespaces selects none', 'label a namespace as the selector asks, or widen it'),
    ...(misspelt.length === 0 ? [] : [warning('namespaces', `label ${modeLabel} has a value that means nothing: ${named(misspelt)}`, `its only value is "${modeLabelOff}", which keeps a namespace out`)]),
    ...caveatFindings(caveats, chosen),
  ];
}

/** Of namespaces that are selected only: elsewhere nothing changes. */
function caveatFindings({ pods, tools }: Caveats, selected: readonly string[]): Finding[] {
  const told = [...(pods ?? []), ...(tools ?? [])].filter(({ namespace }) => selected.includes(namespace));
  return [
    ...told.map(({ namespace, what, remedy }) => warning('namespaces', `${namespace}: ${what}`, remedy)),
    ...(pods === undefined ? [skipped('namespaces', 'this user may not list pods everywhere, so limited bandwidths and kernels of their own are not known')] : []),
    ...(tools === undefined ? [skipped('namespaces', 'this user may not list chaos experiments or packet captures, which would not reach redirected bytes')] : []),
  ];
}
