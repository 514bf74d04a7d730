// Writes the report: page, pictures, bench.json, and the measurements that they are made from.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { benchRows } from '../comparison';
import { figures } from '../figures';
import { printMeasurements, type MeasuredCase } from '../measurements';
import { page } from './page';
import { plot, plotFile } from './plots';

export const measurementsFile = 'measurements.json';

export async function publish(directory: string, measured: readonly MeasuredCase[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  const experiments = [...new Set(figures.map(({ experiment }) => experiment))];
  for (const experiment of experiments.filter(({ name }) => measured.some((each) => each.experiment === name))) {
    await writeFile(join(directory, plotFile(experiment)), await plot(experiment, measured));
  }
  await writeFile(join(directory, measurementsFile), printMeasurements(measured));
  await writeFile(join(directory, 'bench.json'), `${JSON.stringify(benchRows(measured), null, 2)}\n`);
  await writeFile(join(directory, 'README.md'), page(measured));
}
