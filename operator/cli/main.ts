#!/usr/bin/env node
// accelctl: the command line for operating the product. kubectl finds it as a plugin under the name kubectl-accel.
import { basename } from 'node:path';
import { productVersion } from '../api';
import { clusterOf } from './cluster';
import { paintOf } from './paint';
import { runProgram } from './program';
import { progressOn } from './progress';
import { screenOn } from './screen';

/** The controller writes the status at most once a second, so polling more often shows nothing new. */
const pollEveryMs = 1_000;

// A pager that is closed early breaks the pipe; this is no error of accelctl.
process.stdout.on('error', () => process.exit());

async function main(): Promise<void> {
  // The script that starts this program passes on the name under which the user called it.
  const called = process.env['ACCELCTL_NAME'] ?? basename(process.argv[1] ?? '');
  process.exitCode = await runProgram(
    { name: called === 'kubectl-accel' ? 'kubectl accel' : 'accelctl', version: productVersion() },
    process.argv.slice(2),
    {
      cluster: clusterOf,
      print: (text) => process.stdout.write(`${text}\n`),
      draw: screenOn(process.stdout, process.env),
      paint: paintOf(process.stdout, process.env),
      progress: progressOn(process.stderr),
      now: () => new Date(),
      ended: () => new Promise((settle) => ['SIGINT', 'SIGTERM'].forEach((signal) => process.once(signal, () => settle()))),
      nextPoll: () => new Promise((settle) => setTimeout(() => settle(true), pollEveryMs)),
    },
    (line) => process.stderr.write(`${line}\n`),
  );
}

void main();
