// What has happened since the page was opened: the accelerated share, and bytes a second by the way they took.
import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { bytes } from './words.mjs';

/** @typedef {{ at: number, share: number | null, fast: number, tcp: number }} Sample seconds, percent, and bytes since the agents first counted */

/** Ten minutes at one a two seconds. */
const kept = 300;

/** @param {readonly Sample[]} samples @param {import('./api.mjs').State} state @param {number} at @returns {Sample[]} */
export function sampled(samples, state, at) {
  const { connections, bytes: sent } = state.resource?.status ?? {};
  if (connections === undefined || sent === undefined) return [...samples];
  return [...samples, { at, share: connections.open === 0 ? null : (100 * connections.accelerated) / connections.open, ...sent }].slice(-kept);
}

/** Bytes a second between a sample and the one before it; a counter that began anew is no rate. @param {readonly Sample[]} samples @param {'fast' | 'tcp'} way */
function ratesOf(samples, way) {
  return samples.map((sample, at) => {
    const before = samples[at - 1];
    return before === undefined || sample[way] < before[way] ? null : (sample[way] - before[way]) / Math.max(sample.at - before.at, 0.001);
  });
}

/** @param {{ samples: readonly Sample[] }} props */
export function Plots({ samples }) {
  const times = samples.map(({ at }) => at);
  return html`<section aria-labelledby="plots">
    <h2 id="plots">Since this page was opened</h2>
    <div class="plots">
      <${Plot} title="Accelerated share, %" lines=${[['share', '--good']]} data=${[times, samples.map(({ share }) => share)]} range=${[0, 100]} format=${(/** @type {number} */ value) => `${Math.round(value)}%`} />
      <${Plot} title="Bytes a second" lines=${[['fast path', '--good'], ['TCP', '--doubtful']]} data=${[times, ratesOf(samples, 'fast'), ratesOf(samples, 'tcp')]} format=${(/** @type {number} */ value) => `${bytes(value)}/s`} />
    </div>
  </section>`;
}

/**
 * @param {{ title: string, lines: [string, string][], data: (number | null)[][], range?: [number, number], format: (value: number) => string }} props
 */
function Plot({ title, lines, data, range, format }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {UPlot | null} */ (null));
  useEffect(() => {
    const host = place.current;
    if (host === null) return undefined;
    // Read when it is drawn: the reader may change between light and dark.
    const colour = (/** @type {string} */ name) => () => getComputedStyle(host).getPropertyValue(name);
    const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line') }, ticks: { stroke: colour('--line') } };
    const made = new UPlot(
      {
        width: host.clientWidth || 400,
        height: 200,
        cursor: { drag: { x: false, y: false } },
        // At least a minute wide: a single sample would have a scale of years.
        scales: { x: { range: (_self, low, high) => [Math.min(low ?? 0, (high ?? 60) - 60), high ?? 60] }, y: { range: range ?? ((_self, _low, high) => [0, Math.max(high ?? 0, 1_024) * 1.1]) } },
        axes: [axis, { ...axis, size: 84, values: (_self, values) => values.map(format) }],
        series: [{}, ...lines.map(([label, name]) => ({ label, stroke: colour(name), width: 2, value: (/** @type {unknown} */ _self, /** @type {number | null} */ value) => (value === null ? '-' : format(value)) }))],
      },
      /** @type {UPlot.AlignedData} */ (data),
      host,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height: 200 }));
    resized.observe(host);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => made.redraw();
    scheme.addEventListener('change', redraw);
    return () => {
      scheme.removeEventListener('change', redraw);
      resized.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(/** @type {UPlot.AlignedData} */ (data)), [data]);
  const last = lines.map(([label], at) => `${label} ${(value => value === null || value === undefined ? '-' : format(value))(data[at + 1]?.at(-1))}`).join(', ');
  return html`<figure><figcaption>${title}</figcaption><div ref=${place} role="img" aria-label=${`${title}; now ${last}`}></div></figure>`;
}
