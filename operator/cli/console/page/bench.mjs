// The results of the last accelctl bench that this computer has run in this cluster: off and on.
import { html } from 'htm/preact';

/** Length of the longest bar, in pixels. */
const longest = 220;

/** The time in the user's time zone, as YYYY-MM-DD HH:MM. @param {string} at */
const moment = (at) => new Date(at).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });

/** @param {{ bench: import('./api.mjs').Bench | null }} props */
export function Bench({ bench }) {
  if (bench === null)
    return html`<section aria-labelledby="bench">
      <h2 id="bench">Before and after</h2>
      <p class="quiet">Nothing has been measured from this machine yet: accelctl bench</p>
    </section>`;
  const share = bench.fastShare === null ? '' : `, ${(100 * bench.fastShare).toFixed(1)} % of the bytes on the fast path`;
  // One value, because htm leaves out white space with a line break in it.
  const rounds = `${bench.rounds} ${bench.rounds === 1 ? 'round' : 'rounds'}`;
  return html`<section aria-labelledby="bench">
    <h2 id="bench">Before and after</h2>
    <p class="quiet">accelctl bench, ${moment(bench.at)}: two pods on node ${bench.node}, ${bench.connections} connections, ${rounds}${share}</p>
    ${bench.rows.map(
      ({ protocol, cells }) =>
        html`<div class="bench" key=${protocol}>
          <h3>${protocol.toUpperCase()}</h3>
          <table aria-label=${`${protocol.toUpperCase()}, off and on`}>
            <thead>
              <tr>
                <th scope="col">Figure</th>
                <th scope="col"><span class="key off">Off</span></th>
                <th scope="col"><span class="key on">On</span></th>
                <th scope="col">Ratio</th>
                <th scope="col" aria-hidden="true"></th>
              </tr>
            </thead>
            <tbody>
              ${cells.map((cell) => html`<${Figure} key=${cell.title} cell=${cell} />`)}
            </tbody>
          </table>
        </div>`,
    )}
  </section>`;
}

/** @param {{ cell: import('./api.mjs').BenchCell }} props */
function Figure({ cell: { title, off, on, digits, ratio, spread } }) {
  const most = Math.max(off, on, Number.EPSILON);
  // The bars use SVG attributes and no styles: the content security policy forbids inline styles.
  return html`<tr>
    <th scope="row">${title}</th>
    <td>${off.toFixed(digits)}</td>
    <td>${on.toFixed(digits)}</td>
    <td>${ratio} (${spread})</td>
    <td aria-hidden="true">
      <svg width=${longest} height="22">
        <rect class="off" y="1" height="9" width=${Math.round((longest * off) / most)} />
        <rect class="on" y="12" height="9" width=${Math.round((longest * on) / most)} />
      </svg>
    </td>
  </tr>`;
}
