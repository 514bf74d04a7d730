// The rounds of a bench: each has a run with acceleration off beside one with it on, because a machine's speed drifts more than the difference.
import type { NamespaceStatus, SidecarAcceleration } from '../../api';
import { Failure } from '../exit';
import type { Surroundings } from '../surroundings';
import type { BenchRun } from './result';
import type { BenchProtocol, LoadPlan, BenchNamespace } from './benchNamespace';

export interface RoundsParts {
  readonly benchNamespace: Pick<BenchNamespace, 'setAcceleration' | 'load'>;
  readonly world: Pick<Surroundings, 'nextPoll' | 'progress'>;
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
/** Maximum number of polls until a change of the label shows in the status: it goes through the controller and the agent. */
const applyPolls = 20;
/** Number of polls until the status has the final counts of a run. */
const countPolls = 4;

/** @throws Failure when the user interrupts the bench, or a run fails */
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
      // The order of off and on alternates, so that neither has the advantage of going first.
      for (const mode of round % 2 === 1 ? (['Off', 'Accelerate'] as const) : (['Accelerate', 'Off'] as const)) {
        await setAcceleration(parts, mode === 'Accelerate');
        const before = await statusOf(parts);
        for (const protocol of protocols) {
          step(`round ${round} of ${rounds}: ${protocol}, acceleration ${mode === 'Off' ? 'off' : 'on'}`);
          runs.push({ protocol, mode, round, ...(await load(parts, protocol, parts.plan.seconds)) });
        }
        if (mode === 'Off') continue;
        await polls(parts, countPolls);
        const after = await statusOf(parts);
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

/** Connections to a new destination use TCP until the agent has learned how their sockets read, so the first runs are not counted. */
async function warmUp(parts: RoundsParts, step: (text: string) => void): Promise<void> {
  await setAcceleration(parts, true);
  for (let times = 1; times <= warmUps; times += 1) {
    for (const protocol of protocols) {
      step(`warming up, ${protocol}`);
      await load(parts, protocol, 3);
    }
  }
}

/** Sets the label and waits until the namespace's status shows its effect, or the maximum number of polls is over. */
async function setAcceleration(parts: RoundsParts, on: boolean): Promise<void> {
  await parts.benchNamespace.setAcceleration(on);
  for (let poll = 0; poll < applyPolls; poll += 1) {
    await polls(parts, 1);
    const found = await statusOf(parts);
    if (on ? found !== undefined && found.pods.accelerated >= 2 : found === undefined || found.pods.accelerated === 0) break;
  }
  // One more poll: a new namespace, which no agent has counted yet, has no entry, just as one that is off.
  await polls(parts, 1);
}

async function load({ benchNamespace, plan, stop }: RoundsParts, protocol: BenchProtocol, seconds: number): ReturnType<BenchNamespace['load']> {
  if (stop.aborted) throw stopped();
  return benchNamespace.load({ ...plan, protocol, seconds });
}

async function statusOf({ resource, namespace }: RoundsParts): Promise<NamespaceStatus | undefined> {
  return (await resource()).status?.namespaces?.find(({ name }) => name === namespace);
}

async function polls({ world, stop }: RoundsParts, times: number): Promise<void> {
  for (let each = 0; each < times; each += 1) if (stop.aborted || !(await world.nextPoll())) throw stopped();
}

export function stopped(): Failure {
  return new Failure('the bench was interrupted, so there is no result');
}
