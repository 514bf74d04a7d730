// The namespaces, one line each, with a filter. Only the visible lines are in the document, so a thousand namespaces cost no more than twenty.
import { html } from 'htm/preact';
import { useRef, useState } from 'preact/hooks';
import { Why } from './why.mjs';
import { bytes, share } from './words.mjs';

/** @typedef {import('./api.mjs').NamespaceRow & { listed?: import('./api.mjs').Listed | undefined }} Line */

/** Heights in px; page.css has the same values. */
const lineHeight = 40;
const viewHeight = 480;
/** Extra lines above and below the visible ones, so that scrolling shows no gap. */
const spare = 6;

/** @param {import('./api.mjs').State} state @returns {Line[]} the namespaces that the status lists, then the others; each part by name */
export function linesOf({ namespaces, resource }) {
  const listed = new Map((resource?.status?.namespaces ?? []).map((each) => [each.name, each]));
  const known = namespaces ?? [...listed.keys()].map((name) => ({ name, selected: true, optedOut: false }));
  const lines = known.map((each) => ({ ...each, ...(listed.has(each.name) ? { listed: listed.get(each.name) } : {}) }));
  return lines.sort(
    (a, b) =>
      Number(b.listed !== undefined) - Number(a.listed !== undefined) || Number(b.selected) - Number(a.selected) || a.name.localeCompare(b.name),
  );
}

/** @param {Line} line */
function stateOf({ listed, selected, optedOut }) {
  if (optedOut) return 'Opted out';
  return listed?.state ?? (selected ? 'Selected' : 'Not selected');
}

/**
 * @param {{ state: import('./api.mjs').State, ask: (question: import('./confirm.mjs').Question) => void, change: (name: string, optedOut: boolean) => Promise<void> }} props
 */
export function Namespaces({ state, ask, change }) {
  const [filter, setFilter] = useState('');
  const [top, setTop] = useState(0);
  const [asked, setAsked] = useState(/** @type {import('./api.mjs').Listed | undefined} */ (undefined));
  const view = useRef(/** @type {HTMLElement | null} */ (null));
  const words = filter.toLowerCase().split(/\s+/);
  const lines = linesOf(state).filter((line) =>
    words.every((word) =>
      `${line.name} ${stateOf(line)} ${line.listed?.reasons.map(({ reason }) => reason).join(' ') ?? ''}`.toLowerCase().includes(word),
    ),
  );
  const first = Math.max(0, Math.floor(top / lineHeight) - spare);
  const shown = lines.slice(first, first + Math.ceil(viewHeight / lineHeight) + 2 * spare);
  const search = (/** @type {InputEvent & { currentTarget: HTMLInputElement }} */ event) => {
    setFilter(event.currentTarget.value);
    view.current?.scrollTo(0, 0);
  };
  return html`<section aria-labelledby="namespaces">
    <h2 id="namespaces">Namespaces</h2>
    <p>
      <label>Filter by name, state or reason <input type="search" value=${filter} onInput=${search} /></label>
      <span role="status">${lines.length} shown</span>
    </p>
    <div class="table" role="table" aria-labelledby="namespaces" aria-rowcount=${lines.length + 1}>
      <div class="line head" role="row" aria-rowindex="1">
        ${['Namespace', 'State', 'Pods', 'Connections', 'Fast path', 'TCP', 'Why not', ''].map((title) => html`<span key=${title} role="columnheader">${title || html`<span class="unseen">Opt out</span>`}</span>`)}
      </div>
      <div class="view" ref=${view} role="rowgroup" tabindex="0" aria-label="Lines" onScroll=${() => setTop(view.current?.scrollTop ?? 0)}>
        <div ref=${(/** @type {HTMLElement | null} */ space) => void (space && (space.style.height = `${lines.length * lineHeight}px`))}>
          <div ref=${(/** @type {HTMLElement | null} */ moved) => void (moved && (moved.style.transform = `translateY(${first * lineHeight}px)`))}>
            ${shown.map((line, at) => html`<${Row} key=${line.name} line=${line} index=${first + at + 2} ask=${ask} change=${change} why=${setAsked} />`)}
          </div>
        </div>
      </div>
    </div>
    ${asked !== undefined && html`<${Why} listed=${asked} explained=${state.explained} close=${() => setAsked(undefined)} />`}
  </section>`;
}

/**
 * @param {{ line: Line, index: number, ask: (question: import('./confirm.mjs').Question) => void, change: (name: string, optedOut: boolean) => Promise<void>, why: (listed: import('./api.mjs').Listed) => void }} props
 */
function Row({ line, index, ask, change, why }) {
  const { name, listed, selected, optedOut } = line;
  const wanted = () =>
    ask(
      optedOut
        ? {
            title: `Let ${name} take part again?`,
            text: `Its label acceleration.dev/mode is removed; the selector of the resource decides again.`,
            action: 'Remove the label',
            run: () => change(name, false),
          }
        : {
            title: `Keep ${name} out?`,
            text: `It is labelled acceleration.dev/mode=off; its connections go on over TCP, and none is interrupted.`,
            action: 'Keep it out',
            run: () => change(name, true),
          },
    );
  return html`<div class="line" role="row" aria-rowindex=${index}>
    <span role="rowheader">${name}</span>
    <span role="cell" class=${`state ${listed?.state ?? ''}`}>${stateOf(line)}</span>
    <span role="cell">${listed && `${listed.pods.accelerated} of ${listed.pods.selected}`}</span>
    <span role="cell"
      >${listed && `${listed.connections.accelerated} of ${listed.connections.open} (${share(listed.connections.accelerated, listed.connections.open)})`}</span
    >
    <span role="cell">${listed && bytes(listed.bytes.fast)}</span>
    <span role="cell">${listed && bytes(listed.bytes.tcp)}</span>
    <span role="cell" class="reasons"
      >${listed !== undefined && listed.reasons.length > 0 && html`<button type="button" class="why" title="What it means, and what to do" onClick=${() => why(listed)}>${listed.reasons.map(({ reason, connections }) => `${reason} ${connections}`).join(', ')}</button>`}</span
    >
    <span role="cell"
      >${(selected || optedOut) && html`<button type="button" onClick=${wanted} aria-label=${optedOut ? `Let ${name} take part` : `Keep ${name} out`}>${optedOut ? 'Let in' : 'Keep out'}</button>`}</span
    >
  </div>`;
}
