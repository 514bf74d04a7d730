import type { Case, Experiment, Stage, Values } from './experiment';
import { medians, runExperiment, stepsOf } from './run';

const it1: Case = { name: 'one', x: '1', series: 's', seconds: 1 };
const it2: Case = { ...it1, name: 'two' };
const words = (steps: { it: Case; side: string }[]): string[] => steps.map(({ it, side }) => `${it.name} ${side}`);

/** An experiment whose runs call `run`, and which records the calls of its stage. */
function fake(run: Stage['run'], more: Partial<Experiment> = {}): { experiment: Experiment; events: string[] } {
  const events: string[] = [];
  const told = (what: string) => (): Promise<void> => Promise.resolve(void events.push(what));
  const stage = { run, prepare: told('prepare'), finish: told('finish'), close: told('close') };
  const experiment: Experiment = {
    name: 'fake',
    method: '',
    sides: ['accelerated', 'tcp'],
    cases: [it1, it2],
    axis: { title: '', ordered: false },
    rounds: 2,
    open: () => Promise.resolve(stage),
    ...more,
  };
  return { experiment, events };
}

function measure(experiment: Experiment, interrupted = new AbortController().signal) {
  return runExperiment(experiment, { pace: 'full', rounds: 2, cases: experiment.cases, interrupted, doing: () => undefined, done: () => undefined });
}

test('the side that runs first changes from slice to slice and from round to round', () => {
  const sliced = { sides: ['accelerated', 'tcp'] as const, slices: 2 };
  expect(words(stepsOf(sliced, [it1], 0))).toEqual(['one accelerated', 'one tcp', 'one tcp', 'one accelerated']);
  expect(words(stepsOf(sliced, [it1], 1))).toEqual(['one tcp', 'one accelerated', 'one accelerated', 'one tcp']);
});

test('a side that is costly to switch is measured in all cases before the next one is', () => {
  const switched = { sides: ['beside', 'none'] as const, switched: true as const };
  expect(words(stepsOf(switched, [it1, it2], 1))).toEqual(['one none', 'two none', 'one beside', 'two beside']);
});

test('a side’s value of a round is the median of its slices', () => {
  expect(
    medians([
      { rttUs: 9, kernelUs: 1 },
      { rttUs: 100, kernelUs: 2 },
      { rttUs: 10, kernelUs: 3 },
    ]),
  ).toEqual({ rttUs: 10, kernelUs: 2 });
});

test('each case is prepared, measured in all its rounds and finished before the next', async () => {
  const { experiment, events } = fake((it, side, round) => {
    events.push(`${it.name} ${side} ${round}`);
    return Promise.resolve({ rttUs: round });
  });
  const { cases, error } = await measure(experiment);
  expect(error).toBeUndefined();
  expect(events).toEqual([
    ...['one', 'two'].flatMap((name) => ['prepare', `${name} accelerated 0`, `${name} tcp 0`, `${name} tcp 1`, `${name} accelerated 1`, 'finish']),
    'close',
  ]);
  expect(cases.map(({ case: name, rounds }) => ({ name, rounds }))).toEqual(
    ['one', 'two'].map((name) => ({ name, rounds: [0, 1].map((rttUs) => ({ accelerated: { rttUs }, tcp: { rttUs } })) })),
  );
});

test('an interrupted experiment keeps its whole rounds and leaves nothing open', async () => {
  const controller = new AbortController();
  let runs = 0;
  const { experiment, events } = fake((): Promise<Values> => {
    if (++runs === 3) controller.abort(new Error('interrupted'));
    return Promise.resolve({ rttUs: runs });
  });
  const { cases, error } = await measure(experiment, controller.signal);
  expect(error?.message).toBe('interrupted');
  expect(cases.map(({ rounds }) => rounds)).toEqual([[{ accelerated: { rttUs: 1 }, tcp: { rttUs: 2 } }]]);
  expect(events).toEqual(['prepare', 'finish', 'close']);
});

test('a run that fails ends the experiment with the error of the run, even when cleaning up fails too', async () => {
  const { experiment } = fake(() => Promise.reject(new Error('no server')), {
    open: () => Promise.resolve({ run: () => Promise.reject(new Error('no server')), close: () => Promise.reject(new Error('no cgroup')) }),
  });
  expect(await measure(experiment)).toMatchObject({ cases: [], error: { message: 'no server' } });
});
