// The status of the resource as text: totals, then one line for each namespace.
import { type NamespaceState, type NamespaceStatus, oneLine, share, type SidecarAcceleration, type Status } from '../api';
import { plain, type Judgement, type Paint } from './paint';
import { readinessOf } from './readiness';
import { plainTable } from './table';
import { age, bytes } from './units';

/** Number of reasons in a namespace's line; `accelctl explain` shows all of them. */
const reasonsInLine = 2;

/** The text, without a trailing line feed. */
export function statusTable(resource: SidecarAcceleration, now: Date, paint: Paint = plain): string {
  const status = resource.status ?? {};
  const parts = [head(resource, status, paint), unsupportedNodes(status, paint), namespaces(status, now, paint), remainder(status)];
  return parts.filter((part) => part !== '').join('\n\n');
}

function head(resource: SidecarAcceleration, status: Status, paint: Paint): string {
  const { ready, message } = readinessOf(resource);
  const { nodes, connections, bytes: sent, rollout } = status;
  const lines = [
    `SidecarAcceleration ${resource.metadata.name}: mode ${resource.spec.mode}, ${ready ? paint('good', 'ready') : `${paint('bad', 'not ready')}: ${oneLine(message)}`}`,
  ];
  if (nodes) lines.push(`nodes        ${nodes.ready} of ${nodes.desired} ready`);
  if (rollout && rollout.stage !== 'Done')
    lines.push(`rollout      ${paint(rollout.failures.length > 0 ? 'bad' : 'doubtful', rollout.stage)}: ${oneLine(rollout.message)}`);
  if (connections)
    lines.push(
      `connections  ${connections.accelerated} of ${connections.open} ends accelerated (${share(connections.accelerated, connections.open)})`,
    );
  if (sent) lines.push(`bytes sent   ${bytes(sent.fast)} on the fast path, ${bytes(sent.tcp)} over TCP`);
  return lines.join('\n');
}

function unsupportedNodes(status: Status, paint: Paint): string {
  const rows = (status.nodes?.unsupported ?? []).map(
    ({ reason, nodes, examples, message }) =>
      `${paint('bad', reason)} on ${nodes} (${examples.join(', ')}${nodes > examples.length ? ', ...' : ''}): ${oneLine(message)}`,
  );
  return rows.join('\n');
}

function namespaces(status: Status, now: Date, paint: Paint): string {
  const listed = status.namespaces ?? [];
  if (listed.length === 0) return 'no namespace with a selected pod has been reported';
  return plainTable(
    ['NAMESPACE', 'STATE', '>PODS', '>CONNECTIONS', '>FAST', '>TCP', '>SINCE', 'WHY NOT'],
    listed.map((each) => row(each, now, paint)),
  );
}

const judgements: Record<NamespaceState, Judgement> = {
  Accelerated: 'good',
  Partial: 'doubtful',
  Waiting: 'doubtful',
  NotAccelerated: 'bad',
  Draining: 'doubtful',
};

function row(each: NamespaceStatus, now: Date, paint: Paint): string[] {
  return [
    each.name,
    paint(judgements[each.state], each.state),
    `${each.pods.accelerated}/${each.pods.selected}`,
    `${each.connections.accelerated}/${each.connections.open}`,
    bytes(each.bytes.fast),
    bytes(each.bytes.tcp),
    age(each.since, now),
    whyNot(each),
  ];
}

function whyNot({ reasons }: NamespaceStatus): string {
  const shown = reasons.slice(0, reasonsInLine).map(({ reason, connections }) => `${reason} ${connections}`);
  return [...shown, ...(reasons.length > reasonsInLine ? ['...'] : [])].join(', ');
}

function remainder({ remainder: rest }: Status): string {
  if (rest === undefined || rest.namespaces === 0) return '';
  const { open, accelerated } = rest.connections;
  return `${rest.namespaces} more namespaces: ${accelerated} of ${open} ends accelerated, ${bytes(rest.bytes.fast)} on the fast path, ${bytes(rest.bytes.tcp)} over TCP`;
}
