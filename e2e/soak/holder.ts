// Command, started by keeper.ts: the process that holds the datapath, to be killed at any moment. Does what messages say.
import { openDatapath, type Datapath, type DatapathPod, type DatapathSettings, type DatapathSnapshot, type OpenOptions } from '../../operator/agent/datapath';
import { Visits } from '../../operator/agent/visits';

/** What the holder is told, in the order in which an agent does it; one answer each. */
export type Order =
  | { readonly open: OpenOptions }
  | { readonly configure: DatapathSettings }
  | { readonly select: readonly DatapathPod[]; readonly neighbours: readonly string[] }
  | { readonly release: true }
  | { readonly look: true };

export interface Answer {
  readonly error?: string;
  readonly snapshot?: DatapathSnapshot;
}

let held: Datapath | undefined;
const visits = new Visits(() => performance.now());
const visitEveryMs = 1000; // as the agent does

function datapath(): Datapath {
  if (held === undefined) throw new Error('hold the datapath: it has not been opened');
  return held;
}

function obey(order: Order): Answer {
  if ('open' in order) held = openDatapath(order.open);
  else if ('configure' in order) datapath().configure(order.configure);
  else if ('select' in order) datapath().select(order.select, order.neighbours);
  else if ('release' in order) release();
  else return { snapshot: datapath().snapshot() };
  if ('configure' in order || 'select' in order) visits.hurry();
  return {};
}

function release(): void {
  datapath().release();
  held = undefined;
}

setInterval(() => {
  if (held !== undefined) visits.step(held, held.snapshot());
}, visitEveryMs);
process.on('message', (order: Order) => {
  let answer: Answer;
  try {
    answer = obey(order);
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(answer);
});
process.on('disconnect', () => process.exit(0));
