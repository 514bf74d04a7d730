// The confirmation before a change: a <dialog>, which keeps the focus inside, closes with Escape, and returns the focus.
import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';

/** @typedef {{ title: string, text: string, action: string, run: () => Promise<void> }} Question */

/** @param {{ question: Question, close: () => void }} props */
export function Confirm({ question, close }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  const agree = () => {
    dialog.current?.close();
    void question.run();
  };
  return html`<dialog ref=${dialog} onClose=${close} aria-labelledby="question" aria-describedby="consequence">
    <h2 id="question">${question.title}</h2>
    <p id="consequence">${question.text}</p>
    <div class="row">
      <button type="button" onClick=${() => dialog.current?.close()} autofocus>Cancel</button>
      <button type="button" class="primary" onClick=${agree}>${question.action}</button>
    </div>
  </dialog>`;
}
