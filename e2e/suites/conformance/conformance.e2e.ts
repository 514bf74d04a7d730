// The short form of the suite: every quick case on one path, and the core cases on all other paths. Needs root, and the
// probe (`make build/conformance/probe`).
import { declarations } from './declared';
import { pathNames } from './paths';
import { listCases } from './probe';
import { undeclared } from './report';
import { playAll, type Broken, type Outcome, type Played } from './run';

const quick = listCases().filter(({ slow }) => !slow);
/** Wake-ups, order of bytes, closes by either end, refusals: these differ first when a path breaks something. */
const core = ['blocking', 'nonblocking', 'epoll-edge', 'one-byte', 'half-close-client', 'half-close-server', 'accept-late', 'source-port-twice'];
const widePath = 'cross-pod';
/** Prints everything that was observed in a case whose row is not declared: the next run may not show it again. */
const noteSurprise = (played: Played | Broken): void => {
  if ('row' in played && undeclared([played.row], declarations).length > 0) console.error(JSON.stringify(played));
};

let wide: Outcome;
let narrow: Outcome;
beforeAll(async () => {
  const small = true;
  const others = pathNames.filter((path) => path !== widePath);
  const cases = quick.filter(({ name }) => core.includes(name));
  [wide, narrow] = await Promise.all([
    playAll({ cases: quick, paths: [widePath], families: ['IPv4'], small, jobs: 1 }, noteSurprise),
    playAll({ cases, paths: others, families: ['IPv4', 'IPv6'], small, jobs: others.length }, noteSurprise),
  ]);
}, 600_000);

test.each(quick)('in the case $name an accelerated connection does what TCP does, or what is declared: $about', ({ name }) => {
  const rows = wide.rows.filter((row) => row.case === name);
  expect(wide.broken.filter((each) => each.name.startsWith(`${name} `))).toEqual([]);
  expect(rows).toHaveLength(1);
  expect(undeclared(rows, declarations)).toEqual([]);
});

test.each(pathNames.filter((path) => path !== widePath))(
  'in the core cases on the path %s an accelerated connection does what TCP does, or what is declared',
  (path) => {
    expect(narrow.broken.filter((each) => each.name.includes(` ${path} `))).toEqual([]);
    const rows = narrow.rows.filter((row) => row.path === path);
    expect(rows).toHaveLength(2 * core.length);
    expect(undeclared(rows, declarations)).toEqual([]);
  },
);
