// The checksumming client of the cluster tests, in each of its modes.
import { join } from 'node:path';
import { z } from 'zod';
import { providePrograms } from '../../../stand/tools/programs';
import type { ProgramMesh } from '../mesh';
import { differs, type Opened, type Round } from '../trial';

const megabyte = 1_000_000;
/** Bytes to move in each mode. */
const modes = { turns: 100 * megabyte, duplex: 200 * megabyte, up: 200 * megabyte, down: 200 * megabyte } as const;
const connections = 8;

const outcome = z.object({ bytes: z.number(), wrongBytes: z.number(), errors: z.number(), firstError: z.string().default('') });

/** Builds the program, and returns its path. */
export async function checksum(): Promise<string> {
  return join(await providePrograms(), 'checksum');
}

/** What the client checks, for the page. */
export const checksumChecks = 'every byte is known by its stream and its place in it: turns, both ways at once, up, down';

/** Starts the checksumming server behind the proxy that is tried. */
export async function serveChecksum(mesh: ProgramMesh, port: number): Promise<void> {
  await mesh.serve('backend', [port], await checksum(), 'serve', `-listen=127.0.0.1:${port}`);
}

/** A checksumming server must listen behind `port`. */
export async function openChecksum(mesh: ProgramMesh, port: number): Promise<Opened> {
  const program = await checksum();
  return { round: () => round(mesh, program, port) };
}

async function round(mesh: ProgramMesh, program: string, port: number): Promise<Round> {
  let [amount, seconds] = [0, 0];
  const complaints: string[] = [];
  for (const [mode, bytes] of Object.entries(modes)) {
    const words = [`-target=${mesh.address}:${port}`, `-mode=${mode}`, `-connections=${connections}`, `-bytes=${bytes}`, '-messages=1000'];
    const ended = await mesh.run('client', program, 'run', ...words);
    const { wrongBytes, errors, firstError, bytes: moved } = outcome.parse(JSON.parse(ended.stdout));
    amount += moved;
    seconds += ended.seconds;
    complaints.push(...differs(`wrong bytes in mode ${mode}`, wrongBytes, 0), ...differs(`errors in mode ${mode} (${firstError})`, errors, 0));
  }
  return { amount, seconds, complaints };
}
