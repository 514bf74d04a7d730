// Plays the wanted cases over the wanted paths and collects rows. Each path has pods of its own, so several paths are played at
// the same time; the cases of one path follow one another.
import { release } from 'node:os';
import { errorMessage } from '../../../operator/base';
import type { FamilyName, PathName } from './paths';
import type { Case } from './probe';
import { inOrder, type Row } from './report';
import { Stand, type Trial } from './stand';

export interface Wanted {
  readonly cases: readonly Case[];
  readonly paths: readonly PathName[];
  readonly families: readonly FamilyName[];
  /** Plays the cases with fewer rounds and fewer bytes. */
  readonly small: boolean;
  /** How many paths are played at the same time. */
  readonly jobs: number;
}

/** A case that has no row, because the run on plain TCP failed or the probe could not be run. */
export interface Broken {
  readonly name: string;
  readonly error: string;
}

export interface Outcome {
  /** In the order of cases, paths and families. */
  readonly rows: readonly Row[];
  readonly broken: readonly Broken[];
}

export interface Played {
  readonly row: Row;
  readonly trial: Trial;
}

export type Watch = (played: Played | Broken, done: number, total: number) => void;

/** @param watch is called for each case that has been played, with its row or with the error */
export async function playAll(wanted: Wanted, watch: Watch): Promise<Outcome> {
  const stand = await Stand.open(wanted.paths);
  const total = wanted.paths.length * wanted.families.length * wanted.cases.length;
  const played: (Played | Broken)[] = [];
  const note = (one: Played | Broken): void => watch(one, played.push(one), total);
  try {
    const waiting = [...wanted.paths];
    await Promise.all(Array.from({ length: wanted.jobs }, () => lane(stand, wanted, waiting, note)));
  } finally {
    await stand.close();
  }
  const rows = played.flatMap((one) => ('row' in one ? [one.row] : []));
  return { rows: inOrder(rows, wanted.cases), broken: played.flatMap((one) => ('row' in one ? [] : [one])) };
}

/** Plays one path after the other until none is waiting. */
async function lane(stand: Stand, wanted: Wanted, waiting: PathName[], note: (one: Played | Broken) => void): Promise<void> {
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    for (const family of wanted.families) {
      for (const each of wanted.cases) note(await playOne(stand, each, path, family, wanted.small));
    }
  }
}

/** The gate that turns one message of each second to TCP, whatever the message is. In a case of one message it says nothing about the case. */
const bySchedule = 'Refresh';
const tries = 3;

async function playOne(stand: Stand, each: Case, path: PathName, family: FamilyName, small: boolean): Promise<Played | Broken> {
  try {
    let trial = await stand.play(each, path, family, small);
    for (let n = 1; n < tries && trial.reason === bySchedule; n++) trial = await stand.play(each, path, family, small);
    const { result, reason } = trial;
    return { row: { kernel: release(), case: each.name, path, family, result, ...(reason === undefined ? {} : { reason }) }, trial };
  } catch (error) {
    return { name: `${each.name} ${path} ${family}`, error: errorMessage(error) };
  }
}
