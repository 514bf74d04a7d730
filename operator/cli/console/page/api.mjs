// Requests to accelctl, with the secret that the page gets for the code in its address.

/** @typedef {{ open: number, accelerated: number }} Connections */
/** @typedef {{ fast: number, tcp: number }} Bytes */
/** @typedef {{ name: string, state: string, pods: { selected: number, accelerated: number }, connections: Connections, bytes: Bytes, reasons: { reason: string, connections: number }[] }} Listed */
/** @typedef {{ type: string, status: string, reason: string, message: string }} Condition */
/** @typedef {{ reason: string, nodes: number, examples: string[], message: string }} Unsupported */
/**
 * @typedef {{ metadata: { name: string, generation: number }, spec: { mode: 'Accelerate' | 'Observe' | 'Off' }, status?: {
 *   conditions?: Condition[], nodes?: { desired: number, ready: number, unsupported: Unsupported[] }, rollout?: Rollout, connections?: Connections, bytes?: Bytes, namespaces?: Listed[] } }} Resource
 */
/** @typedef {{ stage: string, message: string, to: string, remaining: number, revisions: { revision: string, updated: number, verifying: number, failed: number }[], failures: { node: string, why: string }[] }} Rollout */
/** @typedef {{ name: string, selected: boolean, optedOut: boolean }} NamespaceRow */
/** @typedef {{ roundTripMicroseconds: number | null, open: number, silent: string[], problem?: undefined } | { problem: string }} Live */
/** @typedef {{ title: string, digits: number, off: number, on: number, ratio: string, spread: string }} BenchCell */
/** @typedef {{ at: string, node: string, connections: number, rounds: number, fastShare: number | null, rows: { protocol: string, cells: BenchCell[] }[] }} Bench */
/** @typedef {{ server: string, resource?: Resource, ready: boolean, settling: boolean, explained: Record<string, { means: string, remedy: string }>, message: string, namespaces?: NamespaceRow[] }} State */

const storageKey = 'accelctl-secret';

/**
 * Exchanges the code in the address for the secret. The screen does not show the code afterwards; the browser's history may keep it, where it is worth
 * nothing, because accelctl takes each code once. The session's storage keeps the secret for a reload.
 * @returns {Promise<string>} the secret; empty when the address had no code; rejects with one line for the user
 */
async function enter() {
  const code = location.hash.slice(1);
  const known = sessionStorage.getItem(storageKey) ?? '';
  if (code === '') return known;
  history.replaceState(null, '', '/');
  try {
    const { secret } = await sent('POST', '/api/enter', code, {});
    sessionStorage.setItem(storageKey, secret);
    return secret;
  } catch (problem) {
    // The same address opened again in the same tab.
    if (known !== '') return known;
    throw problem;
  }
}

/**
 * @param {'GET' | 'POST'} method @param {string} path @param {object} [body]
 * @returns {Promise<any>} the answer's JSON; rejects with one line for the user
 */
async function ask(method, path, body) {
  return sent(method, path, await secret, body);
}

/**
 * @param {'GET' | 'POST'} method @param {string} path @param {string} bearer @param {object} [body]
 * @returns {Promise<any>}
 */
async function sent(method, path, bearer, body) {
  const headers = { authorization: `Bearer ${bearer}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const response = await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }).catch(() => {
    throw new Error('accelctl does not answer: it has ended, or this computer slept; start accelctl console again');
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(String(answer.error));
  return answer;
}

const secret = enter();
// Each request reports the failure; until the first one it must not count as unhandled.
secret.catch(() => undefined);

/** @returns {Promise<State>} */
export const readState = () => ask('GET', '/api/state');
/** @returns {Promise<Live>} */
export const readLive = () => ask('GET', '/api/live');
/** @returns {Promise<Bench | null>} */
export const readBench = () => ask('GET', '/api/bench');
/** @param {string} mode @param {number} generation @returns {Promise<State>} */
export const setMode = (mode, generation) => ask('POST', '/api/mode', { mode, generation });
/** @param {string} name @param {boolean} optedOut @returns {Promise<State>} */
export const setNamespace = (name, optedOut) => ask('POST', '/api/namespace', { name, optedOut });
