// Load of every kind at the same time, with a count of failed requests and wrong bytes.
import type { Cluster } from '../cluster/cluster';
import { load } from '../mesh/load';
import { allOver, during } from '../support/rounds';
import type { TestMesh } from './testMesh';
import { runTraffic } from './traffic';

const families = ['ipv4', 'ipv6'] as const;

/** The result of one run of one kind of load. */
interface Outcome {
  readonly requests: number;
  /** Failed requests, and connections that broke or could not be made. */
  readonly failures: number;
  readonly checksummedBytes: number;
  readonly wrongBytes: number;
  readonly firstError?: string | undefined;
}

/** The sums over many runs. */
export interface Account {
  readonly requests: number;
  readonly failures: number;
  readonly checksummedBytes: number;
  readonly wrongBytes: number;
  /** The error messages of the checksumming clients. */
  readonly errors: readonly string[];
}

/**
 * Runs fortio (TCP and HTTP) and the checksumming client (in turns and both ways at once), each over IPv4 and IPv6, all
 * together and over and over, until `act` is over.
 */
export async function heavilyLoaded(cluster: Cluster, mesh: TestMesh, act: () => Promise<void>): Promise<Account> {
  const acted = act();
  const kinds = families.flatMap((family) => [
    ...(['tcp', 'http'] as const).map((protocol) => () => requested(cluster, mesh, protocol, family)),
    ...(['turns', 'duplex'] as const).map((mode) => () => checksummed(cluster, mesh, mode, family)),
  ]);
  const runs = await allOver(kinds.map((kind) => during(kind, () => acted)));
  return accountOf(runs.flat());
}

/** Adds up accounts or outcomes. */
export function accountOf(outcomes: readonly (Outcome | Account)[]): Account {
  const total = (of: (outcome: Outcome | Account) => number): number => outcomes.reduce((sum, each) => sum + of(each), 0);
  return {
    requests: total(({ requests }) => requests),
    failures: total(({ failures }) => failures),
    checksummedBytes: total(({ checksummedBytes }) => checksummedBytes),
    wrongBytes: total(({ wrongBytes }) => wrongBytes),
    errors: outcomes.flatMap((each) => ('errors' in each ? each.errors : each.firstError === undefined ? [] : [each.firstError])),
  };
}

async function requested(cluster: Cluster, { client, server }: TestMesh, protocol: 'tcp' | 'http', family: 'ipv4' | 'ipv6'): Promise<Outcome> {
  // At full speed fortio would leave the checksumming clients little processor time.
  const { requests, errors } = await load(cluster, { client, server, protocol, family, seconds: 4, connections: 8, qps: 1000 });
  return { requests, failures: errors, checksummedBytes: 0, wrongBytes: 0 };
}

async function checksummed(cluster: Cluster, { client, checksum }: TestMesh, mode: 'turns' | 'duplex', family: 'ipv4' | 'ipv6'): Promise<Outcome> {
  const plan = {
    client,
    server: checksum,
    mode,
    family,
    connections: 6,
    bytes: Number.MAX_SAFE_INTEGER,
    seconds: 4,
    messages: mode === 'turns' ? 200 : 5000,
  };
  const { bytes, wrongBytes, errors, firstError } = await runTraffic(cluster, plan);
  return { requests: 0, failures: errors, checksummedBytes: bytes, wrongBytes, firstError };
}
