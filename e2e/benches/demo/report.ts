// Writes the demo's result as JSON.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SidecarAcceleration } from '../../../operator/api';
import { buildDirectory } from '../../../release/tools/paths';
import type { MeasuredRun } from './measure';

/** How many requests were made, and how many failed, while the mode was switched. */
export interface Switching {
  readonly switches: number;
  readonly requests: number;
  readonly errors: number;
}

/** The result of a demo. */
export interface DemoResult {
  readonly runs: readonly MeasuredRun[];
  /** The resource in mode Accelerate, read while both protocols over both IP families were under load. */
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
