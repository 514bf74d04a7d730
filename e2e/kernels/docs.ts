// Keeps docs/kernels.json, one result a kernel, and draws docs/kernels.md from it.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { checkout } from '../tools/paths';
import { resultSchema, type KernelResult } from './result';
import { kernelsPage } from './page';

const [data, page] = ['kernels.json', 'kernels.md'].map((name) => join(checkout, 'docs', name)) as [string, string];

/** Puts a kernel's result in the place of its last one; those of kernels that were not run stay. */
export async function writeDocs(result: KernelResult): Promise<void> {
  const before = await readFile(data, 'utf8').then((text) => z.array(resultSchema).parse(JSON.parse(text)), () => []);
  const results = [...before.filter(({ kernel }) => kernel !== result.kernel), result].sort(byVersion);
  await writeFile(data, `${JSON.stringify(results, null, 1)}\n`);
  await writeFile(page, kernelsPage(results));
}

function byVersion(one: KernelResult, other: KernelResult): number {
  return one.version.localeCompare(other.version, 'en', { numeric: true }) || one.kernel.localeCompare(other.kernel);
}
