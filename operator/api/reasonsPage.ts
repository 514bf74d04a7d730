// The text of docs/reasons.md: a table of each kind of reason.
import { asideReasons, connectionReasons, leftOutReasons, nodeReasons, type ReasonText } from './reasons';

function table(reasons: Readonly<Record<string, ReasonText>>): string {
  const rows = Object.entries(reasons).map(([name, text]) => `| \`${name}\` | ${cell(text.means)} | ${cell(text.remedy)} |`);
  return ['| reason | what it means | what to do |', '|---|---|---|', ...rows].join('\n');
}

/** Text for a cell of a Markdown table, in which a bar would end the cell and `<` begin an HTML tag. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

export function reasonsPage(): string {
  return `<!-- Generated from operator/api/reasons.ts by npm run generate; do not edit. -->
# Reasons

\`accelctl explain <namespace>\` prints the reasons of a namespace with the number of connections of each.

## Why a connection is not accelerated

They are listed in \`status.namespaces[].reasons\`. A connection counts once for each of its ends that is in a selected pod.

${table(connectionReasons)}

## Why a node cannot accelerate

They are listed in \`status.nodes.unsupported\` and in the message of the condition \`Degraded\`.

${table(nodeReasons)}

## Why a node has no agent

They are listed in \`status.nodes.leftOut\`. Such nodes do not count as nodes that should be ready.

${table(leftOutReasons)}

## Why a rollout does not wait for a node

They are listed in \`status.rollout.aside\`. Connections that are accelerated on such a node stay accelerated.

${table(asideReasons)}
`;
}
