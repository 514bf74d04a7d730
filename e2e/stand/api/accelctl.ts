// accelctl from the checkout, as its users start it: another process, with a kubeconfig of their own.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, type CommandResult } from '../../../release/tools/command';
import { checkout } from '../../../release/tools/paths';
import type { ApiServer } from './apiServer';

const compiled = join(checkout, 'dist', 'operator', 'cli', 'main.js');
const sources = join(checkout, 'operator', 'cli', 'main.ts');

/** The words by which Node starts it: the compiled program where it is not older than its sources, as it starts four times as fast. */
export const accelctlProgram: readonly string[] = isFresh() ? [compiled] : ['-r', 'ts-node/register/transpile-only', sources];

function isFresh(): boolean {
  if (!existsSync(compiled)) return false;
  const since = statSync(compiled).mtimeMs;
  return ['api', 'kube', 'protocol', 'cli'].every((folder) =>
    readdirSync(join(checkout, 'operator', folder), { recursive: true, encoding: 'utf8' }).every((file) => statSync(join(checkout, 'operator', folder, file)).mtimeMs <= since),
  );
}

/** @param env beside what this process has */
export function accelctlOn(kubeconfig: string, words: readonly string[], env: Record<string, string> = {}, timeoutMs = 60_000): Promise<CommandResult> {
  return attempt(process.execPath, [...accelctlProgram, '--kubeconfig', kubeconfig, ...words], { cwd: checkout, timeoutMs, env });
}

export interface RunningAccelctl {
  kill(signal: NodeJS.Signals): void;
  /** What it has said so far on standard error. */
  said(): string;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** One that is to be interrupted. */
export function startAccelctl(kubeconfig: string, words: readonly string[]): RunningAccelctl {
  const child = spawn(process.execPath, [...accelctlProgram, '--kubeconfig', kubeconfig, ...words], { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  return { kill: (signal) => void child.kill(signal), said: () => stderr, ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr }))) };
}

/** How a kubeconfig differs from the administrator's. */
interface Change {
  token?: string;
  as?: string;
  server?: string;
  empty?: boolean;
}

/** A variant of the administrator's kubeconfig beside it; both go when the API server stops. */
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
