// Writes the report of the scale benchmark: page, pictures and rows.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { page } from './page';
import { pictures } from './plots';
import { merged, readRows, type Row, writeRows } from './results';

/** Writes the report with the new rows; rows of earlier runs stay unless a new row replaces them. */
export async function publish(directory: string, fresh: readonly Row[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'scale.json');
  const rows = merged(readRows(file), fresh);
  writeRows(file, rows);
  for (const [name, svg] of await pictures(rows)) await writeFile(join(directory, name), svg);
  await writeFile(join(directory, 'scale.md'), page(rows));
}
