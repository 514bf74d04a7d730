// docs/reasons.md: the reason tables as a page for people.
import { asideReasons, connectionReasons, leftOutReasons, nodeReasons, type ReasonText } from './reasons';

function table(reasons: Readonly<Record<string, ReasonText>>): string {
  const rows = Object.entries(reasons).map(([name, text]) => `| \`${name}\` | ${cell(text.means)} | ${cell(text.remedy)} |`);
  return ['| reason | what it means | what to do |', '|---|---|---|', ...rows].join('\n');
}

/** A cell of a table may hold neither a bar nor what looks like an HTML tag. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

export function reasonsPage(): string {
  return `<!-- Generated from operator/api/reasons.ts by npm run generate; do not edit. -->
# Reasons

\`accelctl explain <namespace>\` prints these with the numbers of a namespace.

## Why a connection is not accelerated

Found in \`status.namespaces[].reasons\`. A connection is counted at each of its ends that lives in a selected pod.

${table(connectionReasons)}

## Why a node cannot accelerate

Found in \`status.nodes.unsupported\`, and in the message of the condition \`Degraded\`.

${table(nodeReasons)}

## Why a node has no agent

Found in \`status.nodes.leftOut\`. Such nodes are not counted among those that should be ready.

${table(leftOutReasons)}

## Why a rollout does not wait for a node

Found in \`status.rollout.aside\`. What is accelerated on such a node stays so.

${table(asideReasons)}
`;
}
