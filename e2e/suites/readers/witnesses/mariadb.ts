// MariaDB: the server speaks first. It has a thread for each connection, which polls before each read.
import { cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from '../../../../release/tools/cache';
import { run } from '../../../../release/tools/command';
import { need } from '../toolchains';
import type { Witness } from '../witness';

const port = 7060;
const install = 'mariadb-install-db';

/** The directory of an empty database, which is made once because that takes seconds. */
async function empty(): Promise<string> {
  const version = /\d+\.\d+\.\d+/.exec(await run('mariadbd', ['--version']))?.[0] ?? 'unknown';
  const logFile = join(tmpdir(), `sidecar-acceleration-${install}.log`);
  const { directory } = await cached(`reader-mariadb-${version}`, async (unfinished) => {
    await run(install, ['--no-defaults', '--user=root', `--datadir=${join(unfinished, 'data')}`, '--innodb-log-file-size=4M', '--skip-test-db'], {
      logFile,
    });
  });
  return join(directory, 'data');
}

export const mariadb: Witness = {
  name: 'MariaDB',
  protocol: 'mysql',
  reads: 'speaks first; a thread a connection reads packet by packet',
  busy: 'asked',
  port,
  async prepare() {
    await need('mariadbd', install);
    await empty();
  },
  async start(stand) {
    const data = join(stand.directory, 'data');
    cpSync(await empty(), data, { recursive: true });
    const paths = [`--datadir=${data}`, `--socket=${join(stand.directory, 'socket')}`, `--pid-file=${join(stand.directory, 'pid')}`];
    const options = [
      '--user=root',
      '--skip-grant-tables',
      '--skip-name-resolve',
      '--skip-log-bin',
      '--max-allowed-packet=256M',
      '--innodb-log-file-size=4M',
    ];
    await stand.serve('server', [port], 'mariadbd', '--no-defaults', ...paths, ...options, '--bind-address=0.0.0.0', `--port=${port}`);
    return {};
  },
};
