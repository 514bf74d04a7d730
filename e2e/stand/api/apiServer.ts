// A real API server with its etcd on loopback and no other part of a cluster, for tests of what the API server alone decides.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt, run, type CommandResult } from '../../../release/tools/command';
import { installTools, type Tools } from '../tools/install';
import { Progress } from '../../../release/tools/progress';
import { LongRunning } from '../support/childProcess';
import { freePort } from '../support/freePort';
import { frontProxyFlags } from '../support/frontProxy';

const readyWithinMs = 60_000;

/** A running API server; `kubectl` acts as its administrator. */
export interface ApiServer {
  readonly kubeconfig: string;
  /** For example `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly tools: Tools;
  /** Path of the audit log, written with `audit` only: for each answered request a line of JSON (audit.k8s.io/v1 Event, level Metadata). */
  readonly auditLog: string;
  /** Runs kubectl with the given input. Does not throw when kubectl fails: the caller looks at the exit code. */
  kubectl(args: readonly string[], input?: string): Promise<CommandResult>;
  /** Ends the API server and starts it again on the same port and etcd. Resolves when the API server is ready. */
  restart(): Promise<void>;
  /** Stops etcd at once by SIGSTOP, or lets it go on. */
  freezeEtcd(frozen: boolean): void;
  /** Ends API server and etcd and removes their files. */
  stop(): Promise<void>;
}

export interface ApiServerOptions {
  /** Writes an audit log. */
  readonly audit?: boolean;
}

/** Starts etcd and an API server on free ports. Resolves when the API server is ready. */
export async function startApiServer({ audit = false }: ApiServerOptions = {}): Promise<ApiServer> {
  const tools = await installTools(new Progress(), ['kubernetes', 'helm']);
  const directory = await mkdtemp(join(tmpdir(), 'sidecar-acceleration-api-'));
  const processes: LongRunning[] = [];
  const stop = async () => {
    processes[0]?.signal('SIGCONT');
    for (const each of processes.reverse()) await each.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const { kubeconfig, url, launch } = await start(directory, tools, processes, audit);
    const kubectl = (args: readonly string[], input?: string) =>
      attempt(tools.path('kubectl'), ['--kubeconfig', kubeconfig, ...args], { timeoutMs: 60_000, ...(input === undefined ? {} : { input }) });
    await ready(kubectl, processes);
    const restart = async () => {
      await processes.pop()?.stop();
      processes.push(launch());
      await ready(kubectl, processes);
    };
    const freezeEtcd = (frozen: boolean) => processes[0]?.signal(frozen ? 'SIGSTOP' : 'SIGCONT');
    return { kubeconfig, url, tools, auditLog: join(directory, auditFile), kubectl, restart, freezeEtcd, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Started {
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly url: string;
  /** Starts the API server again. */
  readonly launch: () => LongRunning;
}

const auditFile = 'audit.log';
/** The audit policy: logs each request when it is answered, and a watch when it begins, without bodies. */
const auditPolicy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] };

/** Starts both processes, etcd first. */
async function start(directory: string, tools: Tools, processes: LongRunning[], audit: boolean): Promise<Started> {
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
  const token = randomBytes(16).toString('hex');
  const path = (name: string) => join(directory, name);
  await writeFile(path('tokens.csv'), `${token},admin,uid-admin,system:masters\n`, { mode: 0o600 });
  await run('openssl', ['genrsa', '-out', path('sa.key'), '2048']);
  const etcd = `http://127.0.0.1:${client}`;
  processes.push(
    new LongRunning(
      'etcd',
      [
        '--data-dir',
        path('etcd'),
        '--unsafe-no-fsync',
        '--listen-client-urls',
        etcd,
        '--advertise-client-urls',
        etcd,
        '--listen-peer-urls',
        `http://127.0.0.1:${peer}`,
        '--initial-advertise-peer-urls',
        `http://127.0.0.1:${peer}`,
        '--initial-cluster',
        `default=http://127.0.0.1:${peer}`,
      ],
      path('etcd.log'),
    ),
  );
  await writeFile(path('audit-policy.json'), JSON.stringify(auditPolicy));
  const auditing = audit
    ? [`--audit-policy-file=${path('audit-policy.json')}`, `--audit-log-path=${path(auditFile)}`, '--audit-log-mode=blocking']
    : [];
  const aggregation = await frontProxyFlags(directory);
  const launch = () =>
    new LongRunning(
      tools.path('kube-apiserver'),
      [
        `--etcd-servers=${etcd}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        `--cert-dir=${path('certificates')}`,
        `--token-auth-file=${path('tokens.csv')}`,
        '--authorization-mode=RBAC',
        '--service-cluster-ip-range=10.98.0.0/24',
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${path('sa.key')}`,
        `--service-account-signing-key-file=${path('sa.key')}`,
        '--allow-privileged=true',
        // The default ServiceAccount of a namespace would be made by the controller-manager, which does not run here.
        '--disable-admission-plugins=ServiceAccount',
        ...aggregation,
        ...auditing,
      ],
      path('kube-apiserver.log'),
    );
  processes.push(launch());
  const url = `https://127.0.0.1:${port}`;
  await writeFile(path('kubeconfig'), kubeconfigOf(url, token), { mode: 0o600 });
  return { kubeconfig: path('kubeconfig'), url, launch };
}

function kubeconfigOf(server: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  });
}

async function ready(kubectl: ApiServer['kubectl'], processes: readonly LongRunning[]): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    for (const each of processes) each.check();
    const answer = await kubectl(['get', '--raw', '/readyz']);
    if (answer.code === 0) return;
    if (Date.now() > deadline) throw new Error(`waiting for the API server: not ready after ${readyWithinMs / 1000} s: ${answer.stderr.trim()}`);
    await new Promise((settle) => setTimeout(settle, 100));
  }
}
