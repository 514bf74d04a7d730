// The head of the page: the mode, whether it is in force, how much is accelerated, and the buttons that set the mode.
import { html } from 'htm/preact';
import { bytes, modes, share } from './words.mjs';

/**
 * @param {{ state: import('./api.mjs').State, ask: (question: import('./confirm.mjs').Question) => void, change: (mode: string, generation: number) => Promise<void> }} props
 */
export function Overview({ state, ask, change }) {
  const { resource, message } = state;
  const { judgement, title } = verdictOf(state);
  const connections = resource?.status?.connections;
  const sent = resource?.status?.bytes;
  return html`<section aria-label="Overview">
    <p class=${`verdict ${judgement}`} role="status"><strong>${title}:</strong> ${message}</p>
    <dl class="facts">
      <div>
        <dt>Accelerated</dt>
        <dd>${connections === undefined ? '-' : share(connections.accelerated, connections.open)}</dd>
      </div>
      <div>
        <dt>Connection ends</dt>
        <dd>${connections === undefined ? '-' : `${connections.accelerated} of ${connections.open}`}</dd>
      </div>
      <div>
        <dt>Fast path</dt>
        <dd>${sent === undefined ? '-' : bytes(sent.fast)}</dd>
      </div>
      <div>
        <dt>TCP</dt>
        <dd>${sent === undefined ? '-' : bytes(sent.tcp)}</dd>
      </div>
    </dl>
    ${resource !== undefined && html`<${Switch} resource=${resource} ask=${ask} change=${change} />`}
  </section>`;
}

/** @param {import('./api.mjs').State} state */
function verdictOf({ resource, ready, settling }) {
  if (resource === undefined) return { judgement: 'bad', title: 'Not set up' };
  const { mode } = resource.spec;
  if (ready) return { judgement: 'good', title: `${mode} is in force` };
  return settling ? { judgement: 'doubtful', title: `${mode} is on its way` } : { judgement: 'bad', title: `${mode} is not in force everywhere` };
}

/**
 * @param {{ resource: import('./api.mjs').Resource, ask: (question: import('./confirm.mjs').Question) => void, change: (mode: string, generation: number) => Promise<void> }} props
 */
function Switch({ resource, ask, change }) {
  const { mode } = resource.spec;
  const wanted = (/** @type {keyof typeof modes} */ to) =>
    ask({ title: `Set the whole cluster to ${to}?`, text: modes[to], action: `Set ${to}`, run: () => change(to, resource.metadata.generation) });
  return html`<div class="switch" role="group" aria-label="Mode of the whole cluster">
    ${Object.keys(modes).map((to) => html`<button key=${to} type="button" aria-pressed=${to === mode ? 'true' : 'false'} disabled=${to === mode} onClick=${() => wanted(/** @type {keyof typeof modes} */ (to))}>${to}</button>`)}
  </div>`;
}
