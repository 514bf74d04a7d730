// Puts the page together, and looks every two seconds while somebody sees it.
import { html, render } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { readState, setMode, setNamespace } from './api.mjs';
import { Confirm } from './confirm.mjs';
import { Namespaces } from './namespaces.mjs';
import { Nodes } from './nodes.mjs';
import { Overview } from './overview.mjs';
import { Plots, sampled } from './plots.mjs';

const lookEveryMs = 2_000;

function Page() {
  const [state, setState] = useState(/** @type {import('./api.mjs').State | undefined} */ (undefined));
  const [error, setError] = useState('');
  const [samples, setSamples] = useState(/** @type {import('./plots.mjs').Sample[]} */ ([]));
  const [question, setQuestion] = useState(/** @type {import('./confirm.mjs').Question | undefined} */ (undefined));

  /** @param {Promise<import('./api.mjs').State>} answer */
  const show = async (answer) => {
    try {
      const next = await answer;
      setState(next);
      setSamples((before) => sampled(before, next, Date.now() / 1000));
      setError('');
    } catch (problem) {
      setError(problem instanceof Error ? problem.message : String(problem));
    }
  };

  useEffect(() => {
    void show(readState());
    const timer = setInterval(() => {
      if (!document.hidden) void show(readState());
    }, lookEveryMs);
    return () => clearInterval(timer);
  }, []);

  return html`
    <header><h1>Sidecar acceleration</h1><span>${state?.server}</span></header>
    ${error !== '' && html`<p class="problem" role="alert">${error}</p>`}
    ${state === undefined && error === '' && html`<p role="status">Looking at the cluster …</p>`}
    ${state !== undefined && html`
      <${Overview} state=${state} ask=${setQuestion} change=${(/** @type {string} */ mode, /** @type {string} */ version) => show(setMode(mode, version))} />
      <${Plots} samples=${samples} />
      <${Nodes} state=${state} />
      <${Namespaces} state=${state} ask=${setQuestion} change=${(/** @type {string} */ name, /** @type {boolean} */ optedOut) => show(setNamespace(name, optedOut))} />
    `}
    ${question !== undefined && html`<${Confirm} key=${question.title} question=${question} close=${() => setQuestion(undefined)} />`}
  `;
}

const place = document.getElementById('page');
if (place !== null) {
  place.replaceChildren();
  render(html`<${Page} />`, place);
}
