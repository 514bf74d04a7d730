// Plays the conformance suite (e2e/suites/conformance) and sends its rows and complaints to the host. Ends with the suite's exit code.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { rowSchema } from '../../../stand/machines/messages';
import { tell } from '../../../stand/machines/port';

const rows = '/tmp/rows.json';
const suite = join(__dirname, '..', '..', 'conformance', 'main.js');
/** Lines that e2e/suites/conformance/main.ts prints about results that are not as declared. */
const complaint = /^(not declared|declared, but no longer so|no result): /;
const progress = /^\[\d+\/\d+\] /;

async function main(): Promise<void> {
  const child = spawn(process.execPath, [suite, ...process.argv.slice(2), '--json', rows], { stdio: ['ignore', 'inherit', 'pipe'] });
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stderr })) {
    process.stderr.write(`${line}\n`);
    if (progress.test(line)) tell({ kind: 'progress', line });
    if (complaint.test(line)) tell({ kind: 'complaint', line });
  }
  if (existsSync(rows)) {
    for (const row of z.array(rowSchema).parse(JSON.parse(readFileSync(rows, 'utf8')))) tell({ kind: 'row', row });
  }
  const [code] = (await ended) as [number | null];
  process.exitCode = code ?? 1;
}

void main();
