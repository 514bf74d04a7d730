// Command: `make test-attacks`. Makes every attack, or those with --only in their names, and writes docs/attacks.*.
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { errorMessage } from '../../../operator/base';
import { attacks } from '.';
import { writeAttacks } from './page';
import { inOrder, keepRow, keptRows, rowOf } from './rows';
import { Stage } from './stage';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(words: readonly string[]): Promise<void> {
  const {
    values: { only = '' },
  } = parseArgs({ args: [...words], options: { only: { type: 'string' } } });
  const chosen = attacks.filter(({ name }) => name.includes(only));
  if (chosen.length === 0)
    throw new Error(`--only ${only}: no attack has that in its name; there are: ${attacks.map(({ name }) => name).join(', ')}`);
  const stage = new Stage();
  let broken = 0;
  try {
    for (const attack of chosen) {
      const row = rowOf(attack, await attack.run(stage, 'full'));
      keepRow(row);
      say(`${row.held ? 'held' : 'BROKEN'}: ${row.attack}: ${row.now}${row.broken.map((each) => `; ${each}`).join('')}`);
      if (!row.held) broken += 1;
    }
  } finally {
    await stage.end();
  }
  writeAttacks({
    kernel: release(),
    cpus: cpus().length,
    rows: inOrder(
      keptRows(),
      attacks.map(({ name }) => name),
    ),
  });
  say(`${chosen.length - broken} held, ${broken} did not`);
  process.exitCode = broken === 0 ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  say(errorMessage(error));
  process.exitCode = 1;
});
