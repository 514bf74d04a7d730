// Numbers as people read them, and what the states mean.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** @param {number} count @returns {string} bytes with a binary unit: 1536 → `1.5 KiB` */
export function bytes(count) {
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1);
  const scaled = count / 1024 ** power;
  return `${scaled.toFixed(power === 0 || scaled >= 100 ? 0 : 1)} ${units[power]}`;
}

/** @param {number} part @param {number} whole @returns {string} whole percent, `-` of nothing; 100% only when it is all, 0% only when it is none */
export function share(part, whole) {
  if (whole === 0) return '-';
  const percent = Math.round((part / whole) * 100);
  if (percent === 100 && part < whole) return '99%';
  return percent === 0 && part > 0 ? '1%' : `${percent}%`;
}

/** What each mode does, for the question before it is set. */
export const modes = {
  Accelerate: 'Connections between selected pods of one node are joined. Nothing is interrupted.',
  Observe: 'Connections are counted, and every byte goes over TCP. Nothing is interrupted.',
  Off: 'Everything goes over TCP again, at once, on every node. Nothing is interrupted.',
};
