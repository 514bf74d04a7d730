// Builds the page, and polls accelctl every two seconds while the page is visible.
import { html, render } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { readBench, readLive, readState, setMode, setNamespace } from './api.mjs';
import { Bench } from './bench.mjs';
import { Confirm } from './confirm.mjs';
import { Namespaces } from './namespaces.mjs';
import { Nodes } from './nodes.mjs';
import { Overview } from './overview.mjs';
import { Plots, sampled } from './plots.mjs';

const pollEveryMs = 2_000;
/** Poll interval of live data while there is none. */
const retryMs = 30_000;

function Page() {
  const [state, setState] = useState(/** @type {import('./api.mjs').State | undefined} */ (undefined));
  const [error, setError] = useState('');
  const [samples, setSamples] = useState(/** @type {import('./plots.mjs').Sample[]} */ ([]));
  const [live, setLive] = useState(/** @type {import('./api.mjs').Live | undefined} */ (undefined));
  const [bench, setBench] = useState(/** @type {import('./api.mjs').Bench | null | undefined} */ (undefined));
  const trip = useRef(/** @type {number | null} */ (null));
  const [question, setQuestion] = useState(/** @type {import('./confirm.mjs').Question | undefined} */ (undefined));

  /** @param {Promise<import('./api.mjs').State>} answer */
  const show = async (answer) => {
    try {
      const next = await answer;
      setState(next);
      setSamples((before) => sampled(before, next, Date.now() / 1000, trip.current));
      setError('');
    } catch (problem) {
      setError(problem instanceof Error ? problem.message : String(problem));
    }
  };

  useEffect(() => {
    let timer = 0;
    const poll = async () => {
      // An error is not shown here: the poll of the state shows it.
      const found = document.hidden ? undefined : await readLive().catch(() => undefined);
      if (found !== undefined) setLive(found);
      trip.current = found === undefined || found.problem !== undefined ? null : found.roundTripMicroseconds;
      timer = setTimeout(() => void poll(), found?.problem === undefined ? pollEveryMs : retryMs);
    };
    void poll();
    void readBench().then(setBench, () => undefined);
    return () => clearTimeout(timer);
  }, []);

  useEffect(() => {
    void show(readState());
    const timer = setInterval(() => {
      if (!document.hidden) void show(readState());
    }, pollEveryMs);
    return () => clearInterval(timer);
  }, []);

  return html`
    <header>
      <h1>Sidecar acceleration</h1>
      <span>${state?.server}</span>
    </header>
    ${error !== '' && html`<p class="problem" role="alert">${error}</p>`}
    ${state === undefined && error === '' && html`<p role="status">Reading the cluster …</p>`}
    ${
      state !== undefined &&
      html`
        <${Overview}
          state=${state}
          ask=${setQuestion}
          change=${(/** @type {string} */ mode, /** @type {number} */ generation) => show(setMode(mode, generation))}
        />
        <${Plots} samples=${samples} live=${live} />
        ${bench !== undefined && html`<${Bench} bench=${bench} />`}
        <${Nodes} state=${state} />
        <${Namespaces}
          state=${state}
          ask=${setQuestion}
          change=${(/** @type {string} */ name, /** @type {boolean} */ optedOut) => show(setNamespace(name, optedOut))}
        />
      `
    }
    ${question !== undefined && html`<${Confirm} key=${question.title} question=${question} close=${() => setQuestion(undefined)} />`}
  `;
}

const place = document.getElementById('page');
if (place !== null) {
  place.replaceChildren();
  render(html`<${Page} />`, place);
}
