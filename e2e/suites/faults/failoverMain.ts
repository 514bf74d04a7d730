// Command: `make test-failover`. Makes the leader fail many times, keeps the figures for docs/faults.*, and fails when a figure misses its target.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { errorMessage } from '../../../operator/base';
import { failoversOf } from './failover';
import { failovers, keep, kept } from './results';
import { missed } from './targets';

const rounds = z.coerce.number().int().min(0);
const options = z.object({ kills: rounds.default(20), stops: rounds.default(5), partitions: rounds.default(5), add: z.boolean().default(false) });

async function main(): Promise<void> {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({ options: { kills: string, stops: string, partitions: string, add: { type: 'boolean' } } });
  const { kills, stops, partitions, add } = options.parse(values);
  const faults = [
    ...Array.from({ length: kills }, () => 'SIGKILL' as const),
    ...Array.from({ length: stops }, () => 'SIGSTOP' as const),
    ...Array.from({ length: partitions }, () => 'partition' as const),
  ];
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  const result = await failoversOf(faults, (line) => void process.stderr.write(`${line}\n`), interrupt.signal);
  const before = add ? kept('failovers', failovers) : undefined;
  const all =
    before === undefined
      ? result
      : {
          ...result,
          rounds: [...before.rounds, ...result.rounds],
          writes: before.writes + result.writes,
          strayWrites: [...before.strayWrites, ...result.strayWrites],
        };
  keep('failovers', all);
  const complaints = missed(all);
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

void main().catch((error: unknown) => {
  process.stderr.write(`failover: ${errorMessage(error)}\n`);
  process.exitCode = 1;
});
