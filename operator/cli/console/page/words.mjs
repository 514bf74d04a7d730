// Numbers in readable form, and the description of each mode.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** @param {number} count @returns {string} bytes with a binary unit: 1536 → `1.5 KiB` */
export function bytes(count) {
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1);
  const scaled = count / 1024 ** power;
  return `${scaled.toFixed(power === 0 || scaled >= 100 ? 0 : 1)} ${units[power]}`;
}

/** @param {number} part @param {number} whole @returns {string} whole percent; `-` when `whole` is 0; 100% only when all are counted, 0% only when none is */
export function share(part, whole) {
  if (whole === 0) return '-';
  const percent = Math.round((part / whole) * 100);
  if (percent === 100 && part < whole) return '99%';
  return percent === 0 && part > 0 ? '1%' : `${percent}%`;
}

/** What each mode does, for the confirmation. */
export const modes = {
  Accelerate: 'Connections within a selected pod and between selected pods of one node take the fast path. No connection is interrupted.',
  Observe: 'Connections are counted, and all bytes go over TCP. No connection is interrupted.',
  Off: 'All bytes go over TCP again at once, on every node. No connection is interrupted.',
};
