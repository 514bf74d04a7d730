// The nodes: how many follow, and which cannot, and why.
import { html } from 'htm/preact';

/** @param {{ state: import('./api.mjs').State }} props */
export function Nodes({ state }) {
  const nodes = state.resource?.status?.nodes;
  if (nodes === undefined) return null;
  const progress = state.resource?.status?.conditions?.find(({ type }) => type === 'Progressing');
  return html`<section aria-labelledby="nodes">
    <h2 id="nodes">Nodes</h2>
    <p><progress value=${nodes.ready} max=${Math.max(nodes.desired, 1)} aria-label="Nodes that are ready"></progress> ${nodes.ready} of ${nodes.desired} ready</p>
    ${progress?.status === 'True' && html`<p role="status">${progress.message}</p>`}
    ${nodes.unsupported.map(({ reason, nodes: count, examples, message }) => html`<p key=${reason} class="problem"><strong>${reason}</strong> on ${count} (${examples.join(', ')}${count > examples.length ? ', ...' : ''}): ${message}</p>`)}
  </section>`;
}
