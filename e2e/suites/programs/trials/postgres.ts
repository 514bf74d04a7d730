// pgbench: no transaction is lost, the sums of its tables agree, and a table that is read through the mesh is right.
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Container } from '../../../stand/pods/containers';
import type { ProgramMesh } from '../mesh';
import { differs, type Opened, type Round, type Trial } from '../trial';

const port = 5432;
const clients = 16;
const secondsOfRound = 3;
/** The scale factor of pgbench: 100,000 accounts for each unit. */
const scale = 2;
/** Runs a command as user postgres, because initdb and the server refuse to run as root. */
const asPostgres = ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'] as const;

/** The directory of the programs of the newest installed version, as Debian packages them. */
function binaries(): string {
  const root = '/usr/lib/postgresql';
  const newest = readdirSync(root).sort((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) throw new Error(`find PostgreSQL: no version in ${root}; run make test-programs, which installs it`);
  return join(root, newest, 'bin');
}

class Database {
  private transactions = 0;
  private readonly socket: string;

  constructor(
    private readonly mesh: ProgramMesh,
    private readonly bin: string,
  ) {
    this.socket = join(mesh.directory, 'postgres');
  }

  async start(): Promise<void> {
    const { mesh, bin, socket } = this;
    chmodSync(mesh.directory, 0o755);
    await mesh.must('server', 'install', '-d', '-o', 'postgres', socket);
    const data = join(socket, 'data');
    await mesh.must('server', ...asPostgres, join(bin, 'initdb'), '-D', data, '--no-sync', '--auth=trust', '--locale=C', '--encoding=UTF8');
    await mesh.must('server', 'sh', '-c', `echo 'host all all all trust' >> ${data}/pg_hba.conf`);
    const set = { listen_addresses: '*', port, unix_socket_directories: socket, fsync: 'off', synchronous_commit: 'off', max_connections: 60 };
    const options = Object.entries(set).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    await mesh.serve('server', [port], ...asPostgres, join(bin, 'postgres'), '-D', data, ...options);
    // step g: the client makes the rows and sends them through the mesh
    await this.client('pgbench', '-i', '-q', '-I', 'dtgvp', '-s', scale, 'postgres');
  }

  async round(): Promise<Round> {
    const output = await this.client('pgbench', '-n', '-M', 'prepared', '-c', clients, '-j', 1, '-T', secondsOfRound, 'postgres');
    const read = (what: RegExp): number => z.coerce.number().parse(what.exec(output)?.[1]);
    const done = read(/transactions actually processed: (\d+)/);
    this.transactions += done;
    const failed = differs('failed transactions', read(/failed transactions: (\d+)/), 0);
    return { amount: done, seconds: done / read(/tps = ([\d.]+)/), complaints: [...failed, ...(await this.books())] };
  }

  /** Each transaction adds the same sum to an account, a teller, a branch and the history, so the totals must be equal. */
  private async books(): Promise<string[]> {
    const sums = ['accounts', 'tellers', 'branches'].map((table) => `(select sum(${table[0]}balance) from pgbench_${table})`);
    const query = `select ${sums.join(', ')}, sum(delta), count(*) from pgbench_history`;
    const [accounts, tellers, branches, history, count] = (await this.client('psql', '-XAtF', ' ', '-c', query, 'postgres')).trim().split(' ');
    return [
      ...differs('sum of tellers', tellers ?? '', accounts ?? ''),
      ...differs('sum of branches', branches ?? '', accounts ?? ''),
      ...differs('sum of the history', history ?? '', accounts ?? ''),
      ...differs('transactions in the history', count ?? '', String(this.transactions)),
      ...differs('checksum of a table read through the mesh', await this.table('client', this.mesh.address), await this.table('server', this.socket)),
    ];
  }

  private table(from: Container, host: string): Promise<string> {
    const copy = 'copy (select * from pgbench_accounts order by aid) to stdout';
    const program = join(this.bin, 'psql');
    return this.mesh.must(from, 'bash', '-o', 'pipefail', '-c', `${program} -X -U postgres -h ${host} -p ${port} -c '${copy}' postgres | sha256sum`);
  }

  private client(program: string, ...args: readonly (string | number)[]): Promise<string> {
    return this.mesh.must('client', join(this.bin, program), '-U', 'postgres', '-h', this.mesh.address, '-p', port, ...args);
  }
}

async function open(mesh: ProgramMesh): Promise<Opened> {
  const database = new Database(mesh, binaries());
  await database.start();
  return database;
}

export const postgres: Trial = {
  name: 'pgbench',
  hops: ['pgbench, psql', 'Envoy', 'Envoy', 'PostgreSQL'],
  unit: 'transactions',
  checks:
    'no failed transaction; accounts, tellers, branches and history add up to one sum; ' +
    'every transaction is in the history; a table read through the mesh has its checksum',
  open,
};
