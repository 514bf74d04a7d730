// Command: `make soak`. Runs for some minutes or until so many gigabytes have been compared, and writes build/soak/results/<seed>.json.
// A long soak may consist of several runs, each with its own seed: the page adds them up.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { errorMessage } from '../../../operator/base';
import { disturbances } from './disturbances';
import { resultsDirectory, verdict } from './result';
import { soak } from './soak';

const options = z.object({
  minutes: z.coerce.number().positive().optional(),
  gigabytes: z.coerce.number().positive().optional(),
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .default(Date.now() % 1_000_000),
  scale: z.coerce.number().positive().default(1),
  only: z.array(z.enum(Object.keys(disturbances))).optional(),
});

async function main(): Promise<void> {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { minutes: string, gigabytes: string, seed: string, scale: string, only: { type: 'string', multiple: true } },
  });
  const { minutes, gigabytes, seed, scale, only } = options.parse(values);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  say(`soak, seed ${seed}`);
  const result = await soak({
    seconds: minutes === undefined ? (gigabytes === undefined ? 120 : Infinity) : minutes * 60,
    bytes: gigabytes === undefined ? Infinity : gigabytes * 1e9,
    seed,
    scale,
    ...(only === undefined ? {} : { only }),
    say,
    interrupted: interrupt.signal,
  });
  const file = join(resultsDirectory, `${seed}.json`);
  mkdirSync(resultsDirectory, { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  for (const trouble of result.troubles) say(trouble);
  const complaints = verdict(result);
  say(complaints.length === 0 ? `passed: ${file}` : `failed: ${complaints.join('; ')}: ${file}`);
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
});
