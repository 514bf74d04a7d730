// Command: `make test-bounds`. Opens a million short connections, lets readers of messages of any size stall, measures what a connection and a
// node cost, and writes docs/bounds.*.
import { cpus, release } from 'node:os';
import { z } from 'zod';
import { errorMessage } from '../../../operator/base';
import { manyBrief } from './brief';
import { compareHoards, hoardCases, type HoardComparison, hoardInPods } from '../../stand/memory/hoards';
import { fivePods, inFixture } from '../../stand/memory/inFixture';
import { measureMemory } from './memory';
import { type Bounds, verdict, writeBounds } from './page';
import { unreclaimableSlab } from '../../stand/memory/slab';
import { compareStalls, stallCases, type StallComparison } from './stalledReaders';

const wantedConnections = z.coerce.number().int().positive().default(1_000_000);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main([connections]: readonly string[]): Promise<void> {
  const wanted = wantedConnections.parse(connections);
  const stalls: StallComparison[] = [];
  for (const stall of stallCases) stalls.push(await inFixture((f) => compareStalls(f, stall)));
  const hoards: HoardComparison[] = [];
  for (const each of hoardCases) hoards.push(await inFixture((f) => compareHoards(f, each)));
  const bounds: Bounds = {
    kernel: release(),
    cpus: cpus().length,
    memory: await inFixture(measureMemory),
    stalls,
    hoards,
    totals: [
      await inFixture((f) => hoardInPods(f, [f.client], unreclaimableSlab)),
      await inFixture((f) => hoardInPods(f, fivePods(f), unreclaimableSlab)),
    ],
    brief: await inFixture((f) =>
      manyBrief(f, wanted, (opened) => say(`${opened.toLocaleString('en')} of ${wanted.toLocaleString('en')} short connections`)),
    ),
  };
  writeBounds(bounds);
  const complaints = verdict(bounds);
  for (const complaint of complaints) say(complaint);
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  say(errorMessage(error));
  process.exitCode = 1;
});
