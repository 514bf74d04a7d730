// Command line: packs a compiled checkout (chart, code, package-lock.json) as the previous release, from which tests upgrade to the next one.
import { cp, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { errorMessage } from '../../../operator/base';
import { run } from '../../../release/tools/command';
import { stageProduct } from '../../../release/image/product';
import { checkout } from '../../../release/tools/paths';
import { previousArchive } from './previous';

/** @param compiled a checkout after `make build`; by default the one that this program is in */
async function main([compiled = checkout]: readonly string[]): Promise<void> {
  const source = resolve(compiled);
  const staging = await mkdtemp(join(tmpdir(), 'release-'));
  try {
    await mkdir(join(staging, 'context'));
    await stageProduct(join(staging, 'context'), source);
    for (const name of ['Containerfile', 'package.json', 'package-lock.json']) await copyFile(join(source, name), join(staging, name));
    await cp(join(source, 'charts', 'sidecar-acceleration'), join(staging, 'chart'), { recursive: true });
    const same = ['--sort=name', '--mtime=2020-01-01', '--owner=0', '--group=0', '--numeric-owner'];
    await run('tar', [...same, '-cJf', previousArchive, '-C', staging, '.']);
  } finally {
    await rm(staging, { recursive: true });
  }
  process.stdout.write(`${previousArchive}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
});
