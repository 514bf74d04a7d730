// The measurements in docs/performance/measurements.json: a line for each case, with the values of every round.
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** One case with its rounds: for each round the values of each side. */
const measuredCase = z.object({
  experiment: z.string(),
  case: z.string(),
  kernel: z.string(),
  cpus: z.int(),
  /** TCP's congestion control, which paces some streams and not others. */
  congestion: z.string(),
  date: z.iso.date(),
  /** The machine's load average when the experiment began: more than about 1 is the work of other programs. */
  load: z.number(),
  plannedRounds: z.int(),
  rounds: z.array(z.record(z.string(), z.record(z.string(), z.number()))).min(1),
});

export type MeasuredCase = z.infer<typeof measuredCase>;

/** @returns an empty list when the file does not exist @throws when it has another form */
export function readMeasurements(path: string): MeasuredCase[] {
  if (!existsSync(path)) return [];
  const read = z.array(measuredCase).safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!read.success) throw new Error(`reading ${path}: ${z.prettifyError(read.error).replaceAll('\n', ' ')}; remove it to measure everything anew`);
  return read.data;
}

/** Writes each case on a line of its own, so that a diff shows which cases have changed. */
export function printMeasurements(cases: readonly MeasuredCase[]): string {
  return `[\n${cases.map((each) => JSON.stringify(each, rounded)).join(',\n')}\n]\n`;
}

/** Rounds to five digits, which is more than the precision of any measurement here. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value;
}

/** New measurements replace old ones of the same case, but an interrupted one does not replace a complete one. */
export function merged(old: readonly MeasuredCase[], fresh: readonly MeasuredCase[]): MeasuredCase[] {
  const same = (one: MeasuredCase, other: MeasuredCase): boolean => one.experiment === other.experiment && one.case === other.case;
  const whole = ({ rounds, plannedRounds }: MeasuredCase): boolean => rounds.length === plannedRounds;
  const taken = fresh.filter((each) => whole(each) || !old.some((before) => same(before, each) && whole(before)));
  return [...old.filter((each) => !taken.some((better) => same(better, each))), ...taken];
}
