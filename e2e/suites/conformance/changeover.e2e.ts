// No reader may notice that redirection ends while bytes are unread. This holds also for a reader that takes a short read to mean that all has been
// read. No scan runs here. Needs root, and the probe (`make build/conformance/probe`).
import { switchOffPinned } from '../../../operator/agent/datapath';
import { probeWords, type Pair } from '../conformance/paths';
import { outputOf, parseObservation, probeProgram, type Observation } from '../conformance/probe';
import { transcript } from '../conformance/verdict';
import { Fixture, selected, settings } from '../../../ebpf/tests/fixture';

const firstPort = 9000;

let f: Fixture;
let played = 0;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

async function play(name: string, pair: Pair, change?: () => void): Promise<Observation> {
  const words = probeWords('cross-pod', 'IPv4', pair, firstPort + played++);
  const ends = change === undefined ? [] : ['--ends', f.statesPin()];
  return parseObservation(await outputOf(f.node.start(pair.server, probeProgram, 'run', name, ...words, ...ends), change));
}

/** Makes a change with one call, and takes it back with the next. */
function toAndFro(there: () => void, back: () => void): () => void {
  let away = false;
  return () => {
    (away ? back : there)();
    away = !away;
  };
}

const select = (...which: ('client' | 'server')[]): void =>
  void f.datapath.select(
    which.map((each) => selected(f[each], each === 'client' ? 'front' : 'back')),
    [],
  );
const accelerate = (): void => f.datapath.configure(settings);
const configure = (changed: Partial<typeof settings>) => (): void => f.datapath.configure({ ...settings, ...changed });

/** Releases the datapath once, as an agent does when it is removed. The datapath that is opened next finds nothing pinned. */
function releaseOnce(): () => void {
  let released = false;
  return () => {
    if (released) return;
    released = true;
    f.datapath.configure({ ...settings, mode: 'Off' });
    f.datapath.release();
    f.datapath = f.open();
  };
}

interface Change {
  readonly what: string;
  readonly make: () => () => void;
  /** The change lowers a limit. Messages beyond the limit go over TCP, and MSG_PEEK does not see them while redirected bytes are unread. */
  readonly bounds?: true;
}

const changes: readonly Change[] = [
  { what: 'mode Off', make: () => toAndFro(configure({ mode: 'Off' }), accelerate) },
  { what: 'mode Observe', make: () => toAndFro(configure({ mode: 'Observe' }), accelerate) },
  {
    what: 'the sending pod deselected',
    make: () =>
      toAndFro(
        () => select('server'),
        () => select('client', 'server'),
      ),
  },
  {
    what: 'the receiving pod deselected',
    make: () =>
      toAndFro(
        () => select('client'),
        () => select('client', 'server'),
      ),
  },
  { what: 'the path deselected', make: () => toAndFro(configure({ paths: ['PodLocal'] }), accelerate) },
  { what: 'no byte allowed to be unread', make: () => toAndFro(configure({ spillBytes: 0 }), accelerate), bounds: true },
  { what: 'the datapath released', make: releaseOnce },
  { what: 'a datapath that is switched off by its pins', make: () => () => switchOffPinned(f.pins) },
];
const cases = ['switch-between-two', 'switch-between-many', 'switch-and-close', 'switch-and-peek'];

test.each(
  changes.flatMap(({ what, make, bounds }) => cases.filter((name) => !bounds || name !== 'switch-and-peek').map((name) => ({ what, make, name }))),
)('with $what in the middle of an exchange, $name ends as on TCP', async ({ make, name }) => {
  const plain = { client: f.node.addPod(), server: f.node.addPod() };
  const [control, switched] = await Promise.all([play(name, plain), play(name, { client: f.client, server: f.server }, make())]);
  expect(control.client.outcome).toBe('finished');
  expect(transcript(switched)).toBe(transcript(control));
  expect(switched.client.speed.fastBytes).toBeGreaterThan(0);
});
