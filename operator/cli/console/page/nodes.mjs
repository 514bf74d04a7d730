// The nodes: how many are ready, the rollout, and which are not supported and why.
import { html } from 'htm/preact';

/** @param {{ state: import('./api.mjs').State }} props */
export function Nodes({ state }) {
  const nodes = state.resource?.status?.nodes;
  if (nodes === undefined) return null;
  const rollout = state.resource?.status?.rollout;
  const progress = state.resource?.status?.conditions?.find(({ type }) => type === 'Progressing');
  // One value, because htm leaves out white space with a line break in it.
  const ready = `${nodes.ready} of ${nodes.desired} ready`;
  return html`<section aria-labelledby="nodes">
    <h2 id="nodes">Nodes</h2>
    <p><progress value=${nodes.ready} max=${Math.max(nodes.desired, 1)} aria-label="Nodes that are ready"></progress> ${ready}</p>
    ${rollout !== undefined && html`<${Rollout} rollout=${rollout} />`}
    ${progress?.status === 'True' && html`<p role="status">${progress.message}</p>`}
    ${nodes.unsupported.map(({ reason, nodes: count, examples, message }) => html`<p key=${reason} class="problem"><strong>${reason}</strong> on ${count} (${examples.join(', ')}${count > examples.length ? ', ...' : ''}): ${message}${state.explained[reason] && html`<br />${state.explained[reason].remedy}`}</p>`)}
  </section>`;
}

/** The rollout of the newest revision of the agents. @param {{ rollout: import('./api.mjs').Rollout }} props */
function Rollout({ rollout }) {
  const { stage, message, to, remaining, revisions, failures } = rollout;
  const { updated = 0 } = revisions.find(({ revision }) => revision === to) ?? {};
  return html`<div aria-label="Rollout" role="group">
    <p>
      <progress value=${updated} max=${Math.max(updated + remaining, 1)} aria-label="Nodes with the newest agent"></progress>
      <strong>${stage}</strong> ${message}
    </p>
    ${failures.map(({ node, why }) => html`<p key=${node} class="problem"><strong>${node}</strong> ${why}</p>`)}
  </div>`;
}
