// Starts accelctl console as a user does, and a real Chromium that opens the address it prints.
import { spawn } from 'node:child_process';
import { chromium, type Browser, type Page } from 'playwright-core';
import { checkout } from '../../../release/tools/paths';
import { accelctlProgram } from './accelctl';

export interface RunningConsole {
  /** The address that the console printed last. It opens one page; then the console prints the next one. */
  readonly url: string;
  /** The secret that requests need: for the code of the address, as the page gets it. */
  enter(): Promise<{ readonly origin: string; readonly secret: string }>;
  stop(): Promise<void>;
}

/**
 * @param env is added to the environment of this process
 * @throws Error with the console's error output when it ends before it serves
 */
export async function startConsole(kubeconfig: string, env: Readonly<Record<string, string>> = {}): Promise<RunningConsole> {
  const child = spawn(process.execPath, [...accelctlProgram, '--kubeconfig', kubeconfig, 'console'], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const said = { stdout: '', stderr: '' };
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      said.stdout += text.toString();
      if (said.stdout.includes('\n')) resolve();
    });
    child.once('close', (code) => reject(new Error(`accelctl console ended with ${code}: ${said.stderr.trim()}`)));
  });
  const last = (): string => said.stdout.match(/http:\S+(?=\n)/g)?.at(-1) ?? '';
  return {
    get url() {
      return last();
    },
    async enter() {
      const [origin = '', code = ''] = last().split('/#');
      const headers = { origin, authorization: `Bearer ${code}`, 'content-type': 'application/json' };
      const answer = await fetch(`${origin}/api/enter`, { method: 'POST', headers, body: '{}' });
      const { secret } = (await answer.json()) as { secret: string };
      return { origin, secret };
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Debian's Chromium without a window. Its sandbox is off, because it does not work for root; this Chromium opens only the console's page. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
}

/** Collects the errors of a page, including what its content security policy has refused. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  return complaints;
}
