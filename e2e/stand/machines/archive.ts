// Debian's archive for one architecture, read by apt with directories of its own, so that this machine's packages do not change.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, run } from '../../../release/tools/command';
import { cacheDirectory } from '../../../release/tools/paths';
import { architectures, suites, type Architecture } from './catalogue';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const refreshAfterMs = 24 * 3600 * 1000;

export class Archive {
  private constructor(
    private readonly root: string,
    private readonly configuration: string,
  ) {}

  /** Fetches the lists of packages unless they are less than a day old. When that fails, older lists are used. */
  static async open(architecture: Architecture): Promise<Archive> {
    const root = join(cacheDirectory, `kernel-archive-${architecture}`);
    const configuration = join(root, 'apt.conf');
    await mkdir(join(root, 'lists', 'partial'), { recursive: true });
    await mkdir(join(root, 'cache', 'archives', 'partial'), { recursive: true });
    await writeFile(join(root, 'status'), '');
    await writeFile(join(root, 'sources.list'), await sources());
    await writeFile(configuration, aptConfiguration(root, architecture));
    const archive = new Archive(root, configuration);
    await archive.refresh();
    return archive;
  }

  /** Versions of a package in all suites, newest first. Apt takes seconds to read its lists, so the answer is kept until the lists change. */
  async versions(name: string): Promise<string[]> {
    const kept = join(this.root, `versions-${name}`);
    if (!(await isNewer(kept, this.stamp))) {
      const fresh = `${kept}.${randomUUID()}`;
      await writeFile(fresh, await this.apt('apt-cache', ['madison', name]));
      await rename(fresh, kept); // another process that reads the file at this moment sees all of it
    }
    const lines = (await readFile(kept, 'utf8')).trim().split('\n');
    const versions = lines.map((line) => line.split('|')[1]?.trim()).filter((version) => version !== undefined);
    return [...new Set(versions)];
  }

  /** The names of the packages that a package depends on, including all alternatives. */
  async dependencies(name: string, version: string): Promise<string[]> {
    const lines = (await this.apt('apt-cache', ['depends', `${name}=${version}`])).split('\n');
    return lines.map((line) => /^ *\|?(?:Pre)?Depends: ([^<\s]+)$/.exec(line)?.[1]).filter((found) => found !== undefined);
  }

  /** Downloads packages (`name` or `name=version`) into a directory. */
  async download(packages: readonly string[], directory: string): Promise<void> {
    await this.apt('apt-get', ['download', '-q', ...packages], directory);
  }

  private get stamp(): string {
    return join(this.root, 'refreshed');
  }

  private async refresh(): Promise<void> {
    const { stamp } = this;
    if (existsSync(stamp) && Date.now() - (await stat(stamp)).mtimeMs < refreshAfterMs) return;
    const { code, stderr } = await attempt('apt-get', ['update', '-q'], { env: this.environment });
    if (code !== 0 && !existsSync(stamp)) throw new Error(`reading the lists of kernel packages: ${stderr.trim().split('\n').at(-1) ?? ''}`);
    if (code !== 0) return;
    await writeFile(stamp, '');
    await utimes(stamp, new Date(), new Date());
  }

  private apt(program: string, args: readonly string[], cwd = '/'): Promise<string> {
    return run(program, args, { cwd, env: this.environment });
  }

  private get environment(): Record<string, string> {
    return { APT_CONFIG: this.configuration, LC_ALL: 'C' };
  }
}

async function isNewer(file: string, other: string): Promise<boolean> {
  return existsSync(file) && existsSync(other) && (await stat(file)).mtimeMs > (await stat(other)).mtimeMs;
}

/** Lines for sources.list: the suites, on the mirrors that this machine uses. */
async function sources(): Promise<string> {
  const targets = (await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'])).trim().split('\n');
  const mirror = (ending: RegExp): string | undefined => targets.find((uri) => ending.test(uri));
  const main = mirror(/\/debian\/?$/);
  const security = mirror(/\/debian-security\/?$/);
  if (main === undefined || security === undefined) {
    throw new Error('looking for a Debian mirror: the sources of apt name none ending in /debian and /debian-security; run this on Debian');
  }
  const line =
    (uri: string) =>
    (suite: string): string =>
      `deb [signed-by=${keyring}] ${uri} ${suite} main\n`;
  return [...suites.main.map(line(main)), ...suites.security.map(line(security))].join('');
}

/** The settings of apt that differ from this machine's; others, such as its proxy, stay in force. */
function aptConfiguration(root: string, architecture: Architecture): string {
  const debian = architectures[architecture];
  return [
    `APT::Architecture "${debian}";`,
    `APT::Architectures { "${debian}"; };`,
    `Dir::Etc::sourcelist "${root}/sources.list";`,
    'Dir::Etc::sourceparts "-";',
    `Dir::State::lists "${root}/lists";`,
    `Dir::State::status "${root}/status";`,
    `Dir::Cache "${root}/cache";`,
    'Acquire::Languages "none";',
    // Catalogues of software, which only desktops need.
    'Acquire::IndexTargets::deb::DEP-11 { DefaultEnabled "false"; };',
    'APT::Sandbox::User "root";',
    '',
  ].join('\n');
}
