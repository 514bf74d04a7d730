// doctor's checks of the resource: its condition Ready, unsupported nodes, and the selected namespaces.
import { matchesLabels, modeLabel, modeLabelOff, nodeReasons, systemNamespaces, type SidecarAcceleration } from '../../api';
import type { Caveats } from '../caveats';
import { howToBegin } from '../failure';
import { readinessOf } from '../readiness';
import type { Facts } from './facts';
import { failure, named, ok, skipped, warning, type Finding } from './finding';

export function resourceFindings({ resource, namespaces, controller, caveats }: Facts): Finding[] {
  if (resource === 'forbidden') return [skipped('resource', 'this user may not read sidecaraccelerations')];
  const isInstalled = controller !== undefined && controller !== 'forbidden';
  if (resource === undefined) return isInstalled ? [warning('resource', 'there is no resource, so nothing is accelerated', howToBegin)] : [];
  return [readyFinding(resource), ...unsupportedNodes(resource), ...namespaceFindings(resource, namespaces, caveats)];
}

function readyFinding(resource: SidecarAcceleration): Finding {
  const { ready, message } = readinessOf(resource);
  if (ready) return ok('resource', `mode ${resource.spec.mode}, ready: ${message}`);
  if (resource.metadata.deletionTimestamp !== undefined)
    return failure(
      'resource',
      `the resource is being deleted: ${message}`,
      'wait; if nothing changes, see the finding for the controller, which removes the finalizer',
    );
  return failure('resource', `mode ${resource.spec.mode}, not ready: ${message}`, 'see accelctl status');
}

function unsupportedNodes({ status }: SidecarAcceleration): Finding[] {
  return (status?.nodes?.unsupported ?? []).map(({ reason, nodes, examples, message }) =>
    failure('nodes', `${reason} on ${nodes} (${named(examples)}): ${message}`, nodeReasons[reason].remedy),
  );
}

function namespaceFindings({ spec }: SidecarAcceleration, namespaces: Facts['namespaces'], caveats: Caveats): Finding[] {
  if (namespaces === 'forbidden' || namespaces === undefined) return [skipped('namespaces', 'this user may not list namespaces')];
  const candidates = namespaces.filter(
    ({ metadata }) => !systemNamespaces.includes(metadata.name) && matchesLabels(spec.selector.namespaces, metadata.labels),
  );
  const misspelt = candidates
    .filter(({ metadata: { labels } }) => ![undefined, '', modeLabelOff].includes(labels[modeLabel]))
    .map(({ metadata }) => metadata.name);
  const chosen = candidates.filter(({ metadata: { labels } }) => labels[modeLabel] !== modeLabelOff).map(({ metadata }) => metadata.name);
  const selected = chosen.length;
  return [
    selected > 0
      ? ok('namespaces', `the selector matches ${candidates.length}; ${selected} selected, ${candidates.length - selected} opted out`)
      : warning('namespaces', 'spec.selector.namespaces selects no namespace', 'label a namespace, or widen the selector'),
    ...(misspelt.length === 0
      ? []
      : [
          warning(
            'namespaces',
            `label ${modeLabel} has an invalid value: ${named(misspelt)}`,
            `the only value is "${modeLabelOff}", which excludes a namespace`,
          ),
        ]),
    ...caveatFindings(caveats, chosen),
  ];
}

/** Warnings about what runs in the selected namespaces. The product changes no connection of other namespaces. */
function caveatFindings({ pods, tools }: Caveats, chosen: readonly string[]): Finding[] {
  const selected = new Set(chosen);
  const relevant = [...(pods ?? []), ...(tools ?? [])].filter(({ namespace }) => selected.has(namespace));
  return [
    ...relevant.map(({ namespace, what, remedy }) => warning('namespaces', `${namespace}: ${what}`, remedy)),
    ...(pods === undefined
      ? [skipped('namespaces', 'this user may not list pods in all namespaces, so pods with limited bandwidth or kernels of their own are unknown')]
      : []),
    ...(tools === undefined
      ? [skipped('namespaces', 'this user may not list chaos experiments and packet captures, which do not reach redirected bytes')]
      : []),
  ];
}
