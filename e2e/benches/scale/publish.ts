// Writes everything that the measurements of scale tell: page, pictures and rows.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { page } from './page';
import { pictures } from './plots';
import { merged, readRows, type Row, writeRows } from './results';

/** Beside what other runs have measured. */
export async function publish(directory: string, fresh: readonly Row[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'scale.json');
  const rows = merged(readRows(file), fresh);
  writeRows(file, rows);
  for (const [name, svg] of await pictures(rows)) await writeFile(join(directory, name), svg);
  await writeFile(join(directory, 'scale.md'), page(rows));
}
