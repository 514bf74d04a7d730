// Command: `make test-bounds`. A million short connections, stalled readers, and what a connection and a node cost; writes docs/bounds.*.
import { cpus, release } from 'node:os';
import { z } from 'zod';
import { Fixture } from '../../ebpf/tests/fixture';
import { manyBrief } from './brief';
import { measureMemory } from './memory';
import { type Bounds, verdict, writeBounds } from './page';
import { compareStalls, stallCases, type StallComparison } from './stalledReaders';

const wantedConnections = z.coerce.number().int().positive().default(1_000_000);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main([connections]: readonly string[]): Promise<void> {
  const wanted = wantedConnections.parse(connections);
  const stalls: StallComparison[] = [];
  for (const stall of stallCases) stalls.push(await inFixture((f) => compareStalls(f, stall)));
  const bounds: Bounds = {
    kernel: release(),
    cpus: cpus().length,
    memory: await inFixture(measureMemory),
    stalls,
    brief: await inFixture((f) => manyBrief(f, wanted, (opened) => say(`${opened.toLocaleString('en')} of ${wanted.toLocaleString('en')} short connections`))),
  };
  writeBounds(bounds);
  const complaints = verdict(bounds);
  for (const complaint of complaints) say(complaint);
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

async function inFixture<T>(measure: (f: Fixture) => Promise<T>): Promise<T> {
  const f = new Fixture();
  try {
    return await measure(f);
  } finally {
    await f.remove();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
