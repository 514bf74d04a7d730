// Why a namespace is, or is not, accelerated, and what to do about it: from the resource and the namespace's labels.
import {
  connectionReasons,
  matchesLabels,
  modeLabel,
  modeLabelOff,
  systemNamespaces,
  type LabelSelector,
  type NamespaceStatus,
  type SidecarAcceleration,
} from '../api';
import { exitCode, type ExitCode } from './exit';
import { readinessOf } from './readiness';
import { age, bytes } from './units';

export interface Explanation {
  readonly text: string;
  readonly code: ExitCode;
}

/** Labels of the namespace, or undefined when the user may not read them. */
export type NamespaceLabels = Readonly<Record<string, string>> | undefined;

/** @param labels read only when the status does not list the namespace */
export function explanationOf(resource: SidecarAcceleration, name: string, labels: NamespaceLabels, now: Date): Explanation {
  const listed = listedNamespace(resource, name);
  if (listed === undefined) return { text: `Namespace ${name}: ${unlisted(resource, name, labels)}`, code: exitCode.notReady };
  return { text: described(listed, now), code: listed.state === 'Accelerated' ? exitCode.success : exitCode.notReady };
}

export function listedNamespace(resource: SidecarAcceleration, name: string): NamespaceStatus | undefined {
  return resource.status?.namespaces?.find((each) => each.name === name);
}

/** A namespace's entry in the status, as text: state, counts, and each reason with its remedy. */
export function described(namespace: NamespaceStatus, now: Date): string {
  const { name, state, since, pods, connections, bytes: sent, reasons } = namespace;
  const lines = [
    `Namespace ${name}: ${state} for ${age(since, now)}`,
    `  pods         ${pods.accelerated} of ${pods.selected} accelerated`,
    `  connections  ${connections.accelerated} of ${connections.open} ends accelerated`,
    `  bytes sent   ${bytes(sent.fast)} on the fast path, ${bytes(sent.tcp)} over TCP`,
  ];
  if (reasons.length > 0) lines.push('Why the others are not:');
  for (const { reason, connections: count } of reasons) {
    const { means, remedy } = connectionReasons[reason];
    lines.push(`  ${count} × ${reason}: ${means}`, `      ${remedy}`);
  }
  return lines.join('\n');
}

/** The first cause why the namespace is not selected; undefined when it is selected or its labels are not known. */
export function notSelected({ spec }: SidecarAcceleration, name: string, labels: NamespaceLabels): string | undefined {
  const selector = spec.selector.namespaces;
  if (systemNamespaces.includes(name)) return 'never selected, because it is a system namespace.';
  if (labels?.[modeLabel] === modeLabelOff) {
    return `excluded by its label ${modeLabel}=${modeLabelOff}.\n  Remove the label: kubectl label namespace ${name} ${modeLabel}-`;
  }
  if (labels !== undefined && !matchesLabels(selector, labels)) {
    return `not selected: its labels do not match spec.selector.namespaces (${selectorText(selector)}).\n  Label the namespace, or widen the selector.`;
  }
  return undefined;
}

/** Why the status does not list the namespace. */
function unlisted(resource: SidecarAcceleration, name: string, labels: NamespaceLabels): string {
  const cause = notSelected(resource, name, labels);
  if (cause !== undefined) return cause;
  const { ready, message } = readinessOf(resource);
  if (!ready) return `not reported yet, and the resource is not ready: ${message}.`;
  if ((resource.status?.remainder?.namespaces ?? 0) > 0) {
    return 'not listed: the status lists the namespaces with the most connections and counts the others in status.remainder.\n  See the metrics of the agents.';
  }
  const selected = labels === undefined ? 'This user may not read its labels; if it is selected, ' : 'It is selected, but ';
  return `no node has reported a pod of this namespace.\n  ${selected}no running pod matches spec.selector.pods, or it is the product's own namespace, which is never selected.`;
}

/** A selector in kubectl's notation: `team=a, tier In (web, api), x Exists`. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) =>
    [key, operator, ...(values.length > 0 ? [`(${values.join(', ')})`] : [])].join(' '),
  );
  return [...equal, ...expressions].join(', ');
}
