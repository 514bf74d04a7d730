// Plots since the page was opened: the share on the fast path, bytes per second on the fast path and over TCP, and TCP's round-trip time.
import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { bytes } from './words.mjs';

/** @typedef {{ at: number, share: number | null, fast: number, tcp: number, trip: number | null }} Sample seconds, percent, bytes since the agents first counted, microseconds */

/** Number of samples: ten minutes with a sample every two seconds. */
const kept = 300;

/** @param {readonly Sample[]} samples @param {import('./api.mjs').State} state @param {number} at @param {number | null} trip @returns {Sample[]} */
export function sampled(samples, state, at, trip) {
  const { connections, bytes: sent } = state.resource?.status ?? {};
  if (connections === undefined || sent === undefined) return [...samples];
  return [...samples, { at, share: connections.open === 0 ? null : (100 * connections.accelerated) / connections.open, ...sent, trip }].slice(-kept);
}

/** Bytes per second between each sample and the one before it; null when the counter was reset in between. @param {readonly Sample[]} samples @param {'fast' | 'tcp'} way */
function ratesOf(samples, way) {
  return samples.map((sample, at) => {
    const before = samples[at - 1];
    return before === undefined || sample[way] < before[way] ? null : (sample[way] - before[way]) / Math.max(sample.at - before.at, 0.001);
  });
}

/** Percentage of the bytes between two samples that took the fast path; null when no bytes were sent. @param {readonly Sample[]} samples */
function fastShares(samples) {
  const [fast, tcp] = [ratesOf(samples, 'fast'), ratesOf(samples, 'tcp')];
  return fast.map((rate, at) => {
    const all = (rate ?? 0) + (tcp[at] ?? 0);
    return rate === null || all === 0 ? null : (100 * rate) / all;
  });
}

/** @param {number} value microseconds */
const trips = (value) => (value < 1_000 ? `${Math.round(value)} µs` : `${(value / 1_000).toFixed(1)} ms`);
const percent = (/** @type {number} */ value) => `${Math.round(value)}%`;
/** The local time without the date: a page is rarely open for longer than a day. @param {number} seconds */
const clock = (seconds) =>
  new Date(seconds * 1_000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
/** The range of the time axis: from the first sample, and at least a minute. uPlot's own range for a single sample is years. @param {UPlot} plot @returns {[number, number]} */
const sinceFirst = ({ data: [times] }) => {
  const first = times[0] ?? 0;
  return [first, Math.max(times.at(-1) ?? 0, first + 60)];
};

/** @param {{ samples: readonly Sample[], live: import('./api.mjs').Live | undefined }} props */
export function Plots({ samples, live }) {
  const times = samples.map(({ at }) => at);
  return html`<section aria-labelledby="plots">
    <h2 id="plots">Since this page was opened</h2>
    <div class="plots">
      <${Plot}
        title="On the fast path, %"
        lines=${[
          ['of bytes', '--good'],
          ['of connections', '--doubtful'],
        ]}
        data=${[times, fastShares(samples), samples.map(({ share }) => share)]}
        range=${[0, 100]}
        format=${percent}
      />
      <${Plot}
        title="Bytes a second"
        lines=${[
          ['fast path', '--good'],
          ['TCP', '--doubtful'],
        ]}
        data=${[times, ratesOf(samples, 'fast'), ratesOf(samples, 'tcp')]}
        format=${(/** @type {number} */ value) => `${bytes(value)}/s`}
      />
      ${live?.problem === undefined && html`<${Plot} title="TCP's round-trip time, mean of open connections" lines=${[['round trip', '--good']]} data=${[times, samples.map(({ trip }) => trip)]} least=${100} format=${trips} />`}
    </div>
    ${live?.problem !== undefined && html`<p class="quiet">No latency: ${live.problem}</p>`}
    ${live?.problem === undefined && (live?.silent ?? []).map((line) => html`<p class="quiet" key=${line}>${line}</p>`)}
  </section>`;
}

/**
 * @param {{ title: string, lines: [string, string][], data: (number | null)[][], range?: [number, number], least?: number, format: (value: number) => string }} props `least`: minimum of the scale's upper end
 */
function Plot({ title, lines, data, range, least = 1_024, format }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {UPlot | null} */ (null));
  useEffect(() => {
    const host = place.current;
    if (host === null) return undefined;
    // The colour is read at each drawing, because the user may change between light and dark.
    const colour = (/** @type {string} */ name) => () => getComputedStyle(host).getPropertyValue(name);
    const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line') }, ticks: { stroke: colour('--line') } };
    const made = new UPlot(
      {
        width: host.clientWidth || 400,
        height: 200,
        cursor: { drag: { x: false, y: false } },
        scales: { x: { range: sinceFirst }, y: { range: range ?? ((_self, _low, high) => [0, Math.max(high ?? 0, least) * 1.1]) } },
        axes: [
          { ...axis, space: 80, values: (_self, times) => times.map(clock) },
          { ...axis, size: 84, values: (_self, values) => values.map(format) },
        ],
        series: [
          { label: 'at', value: (/** @type {unknown} */ _self, /** @type {number | null} */ time) => (time === null ? '-' : clock(time)) },
          ...lines.map(([label, name]) => ({
            label,
            stroke: colour(name),
            width: 2,
            value: (/** @type {unknown} */ _self, /** @type {number | null} */ value) => (value === null ? '-' : format(value)),
          })),
        ],
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
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    const made = plot.current;
    made?.setData(/** @type {UPlot.AlignedData} */ (data));
    // Without a pointer the legend shows the last sample. It is set in a microtask, because uPlot empties it in a microtask of its own.
    queueMicrotask(() => {
      if (made !== null && plot.current === made && (made.cursor.left ?? -1) < 0) made.setLegend({ idx: (data[0]?.length ?? 0) - 1 }, false);
    });
  }, [data]);
  const last = lines
    .map(([label], at) => `${label} ${((value) => (value === null || value === undefined ? '-' : format(value)))(data[at + 1]?.at(-1))}`)
    .join(', ');
  return html`<figure>
    <figcaption>${title}</figcaption>
    <div ref=${place} role="img" aria-label=${`${title}; now ${last}`}></div>
  </figure>`;
}
