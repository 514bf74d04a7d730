// Writes the demo's result where a program can read it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SidecarAcceleration } from '../../../operator/api';
import { buildDirectory } from '../../../release/tools/paths';
import type { MeasuredRun } from './measure';

/** What happened to requests that were under way while the mode changed. */
export interface Switching {
  readonly switches: number;
  readonly requests: number;
  readonly errors: number;
}

/** Everything the demo found. */
export interface DemoResult {
  readonly runs: readonly MeasuredRun[];
  /** The resource while both protocols over both families were under load in mode Accelerate. */
  readonly resource: SidecarAcceleration;
  readonly switching: Switching;
}

/** @returns the path of build/demo/report.json */
export async function writeReport({ runs, resource, switching }: DemoResult): Promise<string> {
  const directory = join(buildDirectory, 'demo');
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'report.json');
  await writeFile(path, `${JSON.stringify({ runs, status: resource.status, switching }, null, 2)}\n`);
  return path;
}
