// Command: `make fuzz-channel`. Decodes many fuzzed messages in one process; fails when one throws or is slow, or when memory grows.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { fuzz } from './fuzz';
import { keep } from './results';

const options = z.object({
  inputs: z.coerce.number().int().positive().default(1_000_000),
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .default(Date.now() % 1_000_000),
});
/** How much memory may grow, for tables of the JavaScript engine. A leak of ten bytes for each input would be more. */
const growthBytes = 8 * 1024 * 1024;
/** How long an input may take. Garbage collection pauses for less; an input that takes longer would delay every agent. */
const slowMs = 500;

const string = { type: 'string' } as const;
const { inputs, seed } = options.parse(parseArgs({ options: { inputs: string, seed: string } }).values);
const { gc } = globalThis;
if (gc === undefined) throw new Error('fuzzing the channel: node needs --expose-gc; run make fuzz-channel');
const result = fuzz(inputs, seed, () => void gc());
const { findings, grownBytes, slowestMs, accepted } = result;
process.stdout.write(
  `${inputs} inputs of seed ${seed}: ${accepted} accepted, ${findings.length} findings, slowest ${slowestMs} ms, ${Math.round(grownBytes / 1024)} KiB grown\n`,
);
for (const finding of findings) process.stderr.write(`${JSON.stringify(finding)}\n`);
keep('fuzz', { inputs, accepted, seed, slowestMs, grownBytes, findings: findings.length });
process.exitCode = findings.length > 0 || grownBytes > growthBytes || slowestMs > slowMs ? 1 : 0;
