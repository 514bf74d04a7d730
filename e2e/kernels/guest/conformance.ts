// Plays the conformance suite (ebpf/conformance) and tells its rows; the suite's own exit code is this program's.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { rowSchema } from '../messages';
import { tell } from './port';

const rows = '/tmp/rows.json';
const suite = join(__dirname, '..', '..', '..', 'ebpf', 'conformance', 'main.js');

const { status } = spawnSync(process.execPath, [suite, ...process.argv.slice(2), '--json', rows], { stdio: ['ignore', 'inherit', 'inherit'] });
if (existsSync(rows)) {
  for (const row of z.array(rowSchema).parse(JSON.parse(readFileSync(rows, 'utf8')))) tell({ kind: 'row', row });
}
process.exitCode = status ?? 1;
