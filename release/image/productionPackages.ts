// Provides the npm packages that an image needs, and the Node.js program, for this architecture.
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../tools/cache';
import { run } from '../tools/command';
import { contentHash } from '../tools/contentHash';

const nodePackage = `node-linux-${process.arch}`;

/**
 * @param source holds package.json and package-lock.json
 * @returns a directory with `node` and `node_modules`, made once for each lock file
 */
export async function provideProductionPackages(source: string): Promise<string> {
  const lock = join(source, 'package-lock.json');
  const { directory } = await cached(`packages-${process.arch}-${contentHash([], [lock])}`, async (directory) => {
    await copyFile(lock, join(directory, 'package-lock.json'));
    await copyFile(join(source, 'package.json'), join(directory, 'package.json'));
    const quiet = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['ci', '--omit=dev', ...quiet], { cwd: directory });
    const nodeModules = join(directory, 'node_modules');
    await copyFile(join(nodeModules, nodePackage, 'bin', 'node'), join(directory, 'node'));
    for (const each of [nodePackage, '.bin']) await rm(join(nodeModules, each), { recursive: true, force: true });
  });
  return directory;
}

/** Puts the packages into a build context, by hard links instead of copies, because the thousands of files are only read. */
export async function linkPackages(packages: string, context: string): Promise<void> {
  await run('cp', ['--archive', '--link', join(packages, 'node'), join(packages, 'node_modules'), context]);
}
