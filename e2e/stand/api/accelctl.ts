// Runs accelctl from the checkout as its users do: as a process, with a kubeconfig.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, type CommandResult } from '../../../release/tools/command';
import { checkout } from '../../../release/tools/paths';
import type { ApiServer } from './apiServer';

const compiled = join(checkout, 'dist', 'operator', 'cli', 'main.js');
const sources = join(checkout, 'operator', 'cli', 'main.ts');

/** The arguments by which Node.js starts it: of the compiled program, which starts four times as fast, unless that is older than the sources. */
export const accelctlProgram: readonly string[] = isFresh() ? [compiled] : ['-r', 'ts-node/register/transpile-only', sources];

function isFresh(): boolean {
  if (!existsSync(compiled)) return false;
  const since = statSync(compiled).mtimeMs;
  return ['api', 'kube', 'protocol', 'cli'].every((folder) =>
    readdirSync(join(checkout, 'operator', folder), { recursive: true, encoding: 'utf8' }).every(
      (file) => statSync(join(checkout, 'operator', folder, file)).mtimeMs <= since,
    ),
  );
}

/** Runs accelctl to its end. @param env is added to the environment of this process */
export function accelctlOn(
  kubeconfig: string,
  words: readonly string[],
  env: Record<string, string> = {},
  timeoutMs = 60_000,
): Promise<CommandResult> {
  return attempt(process.execPath, [...accelctlProgram, '--kubeconfig', kubeconfig, ...words], { cwd: checkout, timeoutMs, env });
}

export interface RunningAccelctl {
  kill(signal: NodeJS.Signals): void;
  /** What accelctl has written to standard error so far. */
  said(): string;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** Starts an accelctl that the test will interrupt. */
export function startAccelctl(kubeconfig: string, words: readonly string[]): RunningAccelctl {
  const child = spawn(process.execPath, [...accelctlProgram, '--kubeconfig', kubeconfig, ...words], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  return {
    kill: (signal) => void child.kill(signal),
    said: () => stderr,
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr }))),
  };
}

/** What a kubeconfig changes in the administrator's. */
interface Change {
  token?: string;
  as?: string;
  server?: string;
  empty?: boolean;
}

/** Writes a changed copy of the administrator's kubeconfig beside it. Both are removed when the API server stops. */
export async function kubeconfigWith(server: ApiServer, name: string, { token, as, server: address, empty }: Change): Promise<string> {
  const { stdout } = await server.kubectl(['config', 'view', '--raw', '-o', 'json']);
  const config = JSON.parse(stdout);
  if (token !== undefined) config.users[0].user.token = token;
  if (as !== undefined) config.users[0].user.as = as;
  if (address !== undefined) config.clusters[0].cluster.server = address;
  const file = `${server.kubeconfig}-${name}`;
  await writeFile(file, empty ? JSON.stringify({ apiVersion: 'v1', kind: 'Config' }) : JSON.stringify(config), { mode: 0o600 });
  return file;
}
