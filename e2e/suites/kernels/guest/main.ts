// The guest's first program: runs the steps one after the other, each in a process of its own, and sends the host their exit codes.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, machine, release } from 'node:os';
import { join } from 'node:path';
import { planSchema, type Step } from '../plan';
import { openPort, tell } from '../../../stand/machines/port';

const plan = planSchema.parse(JSON.parse(readFileSync(join(__dirname, '..', '..', '..', '..', 'plan.json'), 'utf8')));
const timeIsUp = 124;

/** @returns the step's exit code; 124 when the step was ended at its time limit */
function runStep({ program, args, seconds }: Step, port: number): Promise<number> {
  const child = spawn(process.execPath, [join(__dirname, `${program}.js`), ...args], { stdio: ['ignore', 'inherit', 'inherit', port] });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, seconds * 1000);
  return new Promise((settle) => {
    child.once('exit', (code) => {
      clearTimeout(timer);
      settle(late ? timeIsUp : (code ?? 1));
    });
  });
}

async function main(): Promise<void> {
  const port = openPort();
  tell({ kind: 'hello', release: release(), machine: machine(), cpus: cpus().length }, port);
  for (const step of plan.steps) {
    tell({ kind: 'step', name: step.name }, port);
    tell({ kind: 'stepped', name: step.name, code: await runStep(step, port) }, port);
  }
  tell({ kind: 'done' }, port);
}

void main();
