// Keeps docs/kernels.json, with one result for each kernel, and writes docs/kernels.md from it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { checkout } from '../../../release/tools/paths';
import { merged } from './merge';
import type { Plan } from './plan';
import { resultSchema, type KernelResult } from './result';
import { kernelsPage } from './page';

const [data, page] = ['kernels.json', 'kernels.md'].map((name) => join(checkout, 'docs', name)) as [string, string];

/** Replaces the earlier result of a kernel. Results of other kernels stay, and results of steps that were not run this time. */
export function writeDocs(result: KernelResult, plan: Plan): void {
  const before = existsSync(data) ? z.array(resultSchema).parse(JSON.parse(readFileSync(data, 'utf8'))) : [];
  const last = before.find(({ kernel }) => kernel === result.kernel);
  const others = before.filter((each) => each !== last);
  const results = [...others, last === undefined ? result : merged(last, result, plan)].sort(byVersion);
  writeFileSync(data, jsonText(results));
  writeFileSync(page, kernelsPage(results));
}

function byVersion(one: KernelResult, other: KernelResult): number {
  return one.version.localeCompare(other.version, 'en', { numeric: true }) || one.kernel.localeCompare(other.kernel);
}

/** JSON with one item on each line, so that a diff can be read. */
function jsonText(results: readonly KernelResult[]): string {
  const list = (items: readonly unknown[]): string => `[${items.map((item) => `\n   ${JSON.stringify(item)}`).join(',')}]`;
  const member = ([name, value]: [string, unknown]): string => `  "${name}": ${Array.isArray(value) ? list(value) : JSON.stringify(value)}`;
  return `[\n${results.map((result) => ` {\n${Object.entries(result).map(member).join(',\n')}\n }`).join(',\n')}\n]\n`;
}
