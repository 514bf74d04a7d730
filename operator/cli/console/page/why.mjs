// The reasons why connections of a namespace use TCP, with meaning and remedy, as in accelctl explain.
import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';

/** @param {{ listed: import('./api.mjs').Listed, explained: import('./api.mjs').State['explained'], close: () => void }} props */
export function Why({ listed, explained, close }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  return html`<dialog ref=${dialog} onClose=${close} aria-labelledby="why">
    <h2 id="why">Why connections of ${listed.name} use TCP</h2>
    <dl>
      ${listed.reasons.map(
        ({ reason, connections }) =>
          html`<dt key=${reason}>${reason}: ${connections} connection ends</dt>
            <dd>${explained[reason]?.means}<br /><span class="quiet">${explained[reason]?.remedy}</span></dd>`,
      )}
    </dl>
    <div class="row"><button type="button" onClick=${() => dialog.current?.close()} autofocus>Close</button></div>
  </dialog>`;
}
