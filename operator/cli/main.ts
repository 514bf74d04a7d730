#!/usr/bin/env node
// accelctl: the command line for people who run the operator.
import { clusterOf } from './cluster';
import { runProgram } from './program';

/** The controller writes status at most once a second; looking more often shows nothing new. */
const lookEveryMs = 1_000;

// A pager that was closed early is no error of ours.
process.stdout.on('error', () => process.exit());

async function main(): Promise<void> {
  process.exitCode = await runProgram(
    process.argv.slice(2),
    {
      cluster: clusterOf,
      print: (text) => process.stdout.write(`${text}\n`),
      now: () => new Date(),
      nextLook: () => new Promise((settle) => setTimeout(() => settle(true), lookEveryMs)),
    },
    (line) => process.stderr.write(`${line}\n`),
  );
}

void main();
