// The rounds of a bench: off and on in turns, each run beside its partner, because a machine's speed drifts more than what is measured.
import type { NamespaceStatus, SidecarAcceleration } from '../../api';
import { Failure } from '../exit';
import type { Surroundings } from '../surroundings';
import type { BenchRun } from './result';
import type { BenchProtocol, LoadPlan, Stage } from './stage';

export interface RoundsParts {
  readonly stage: Pick<Stage, 'switch' | 'load'>;
  readonly world: Pick<Surroundings, 'nextLook' | 'progress'>;
  readonly resource: () => Promise<SidecarAcceleration>;
  readonly namespace: string;
  readonly rounds: number;
  readonly plan: Omit<LoadPlan, 'protocol'>;
  readonly stop: AbortSignal;
}

export interface Rounds {
  readonly runs: BenchRun[];
  readonly fastShare: number | null;
}

const protocols: readonly BenchProtocol[] = ['tcp', 'http'];
const warmUps = 4;
/** Looks: the label reaches the controller, its order the agent, and the answer the status. */
const inForceLooks = 20;
/** Looks until the counters of a run that is over are in the status. */
const countedLooks = 4;

/** @throws Failure when it was stopped, or a run cannot be made */
export async function measureRounds(parts: RoundsParts): Promise<Rounds> {
  const { world, rounds } = parts;
  const total = protocols.length * (warmUps + 2 * rounds);
  let done = 0;
  const step = (text: string): void => world.progress.show({ text, done: done++, total });
  try {
    await warmUp(parts, step);
    const runs: BenchRun[] = [];
    const sent = { fast: 0, tcp: 0 };
    for (let round = 1; round <= rounds; round += 1) {
      // Each goes first in turn, so that neither profits from its place.
      for (const mode of round % 2 === 1 ? (['Off', 'Accelerate'] as const) : (['Accelerate', 'Off'] as const)) {
        await put(parts, mode === 'Accelerate');
        const before = await entry(parts);
        for (const protocol of protocols) {
          step(`round ${round} of ${rounds}: ${protocol}, acceleration ${mode === 'Off' ? 'off' : 'on'}`);
          runs.push({ protocol, mode, round, ...(await load(parts, protocol, parts.plan.seconds)) });
        }
        if (mode === 'Off') continue;
        await looks(parts, countedLooks);
        const after = await entry(parts);
        sent.fast += Math.max(0, (after?.bytes.fast ?? 0) - (before?.bytes.fast ?? 0));
        sent.tcp += Math.max(0, (after?.bytes.tcp ?? 0) - (before?.bytes.tcp ?? 0));
      }
    }
    const all = sent.fast + sent.tcp;
    return { runs, fastShare: all === 0 ? null : sent.fast / all };
  } finally {
    world.progress.finish();
  }
}

/** Connections to a new destination start on TCP, until it is known what they are like. */
async function warmUp(parts: RoundsParts, step: (text: string) => void): Promise<void> {
  await put(parts, true);
  for (let times = 1; times <= warmUps; times += 1) {
    for (const protocol of protocols) {
      step(`warming up, ${protocol}`);
      await load(parts, protocol, 3);
    }
  }
}

async function put(parts: RoundsParts, on: boolean): Promise<void> {
  await parts.stage.switch(on);
  for (let look = 0; look < inForceLooks; look += 1) {
    await looks(parts, 1);
    const found = await entry(parts);
    if (on ? found !== undefined && found.pods.accelerated >= 2 : found === undefined || found.pods.accelerated === 0) break;
  }
  // What an agent does not know yet, no status says.
  await looks(parts, 1);
}

async function load({ stage, plan, stop }: RoundsParts, protocol: BenchProtocol, seconds: number): ReturnType<Stage['load']> {
  if (stop.aborted) throw stopped();
  return stage.load({ ...plan, protocol, seconds });
}

async function entry({ resource, namespace }: RoundsParts): Promise<NamespaceStatus | undefined> {
  return (await resource()).status?.namespaces?.find(({ name }) => name === namespace);
}

async function looks({ world, stop }: RoundsParts, times: number): Promise<void> {
  for (let each = 0; each < times; each += 1) if (stop.aborted || !(await world.nextLook())) throw stopped();
}

export function stopped(): Failure {
  return new Failure('the bench was stopped before it was over');
}
