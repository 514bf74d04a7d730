// What was measured, as docs/performance/measurements.json keeps it: one line a case, every round of it.
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** One case, all its rounds so far: of each round what each side found. */
const measuredCase = z.object({
  experiment: z.string(),
  case: z.string(),
  kernel: z.string(),
  cpus: z.int(),
  /** TCP's congestion control, which paces some streams and not others. */
  congestion: z.string(),
  date: z.iso.date(),
  /** How many processes wanted a CPU when the experiment began: more than one or so is somebody else's work. */
  load: z.number(),
  plannedRounds: z.int(),
  rounds: z.array(z.record(z.string(), z.record(z.string(), z.number()))).min(1),
});

export type MeasuredCase = z.infer<typeof measuredCase>;

/** @returns nothing when there is no such file. Throws when it is not one of ours. */
export function readMeasurements(path: string): MeasuredCase[] {
  if (!existsSync(path)) return [];
  const read = z.array(measuredCase).safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!read.success) throw new Error(`reading ${path}: ${z.prettifyError(read.error).replaceAll('\n', ' ')}; remove it to measure everything anew`);
  return read.data;
}

/** One line a case, so that a change of one is seen as such. */
export function printMeasurements(cases: readonly MeasuredCase[]): string {
  return `[\n${cases.map((each) => JSON.stringify(each, rounded)).join(',\n')}\n]\n`;
}

/** Five digits are more than any of this is exact to. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value;
}

/** New cases take the place of old ones; one that was interrupted does not take that of one that was not. */
export function merged(old: readonly MeasuredCase[], fresh: readonly MeasuredCase[]): MeasuredCase[] {
  const same = (one: MeasuredCase, other: MeasuredCase): boolean => one.experiment === other.experiment && one.case === other.case;
  const whole = ({ rounds, plannedRounds }: MeasuredCase): boolean => rounds.length === plannedRounds;
  const taken = fresh.filter((each) => whole(each) || !old.some((before) => same(before, each) && whole(before)));
  return [...old.filter((each) => !taken.some((better) => same(better, each))), ...taken];
}
