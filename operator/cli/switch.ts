// accelctl on and off: set the mode, create the resource if there is none, and wait until every node has applied the change.
import { Option, type Command } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Mode, SidecarAcceleration } from '../api';
import { errorMessage } from '../base';
import type { Cluster } from './cluster';
import { duration } from './duration';
import { exitCode, Failure } from './exit';
import type { ClusterOptions } from './kubeconfig';
import { readinessOf } from './readiness';
import { labelsOf } from './selector';
import { awaitSettled } from './settle';
import type { Surroundings } from './surroundings';

interface WaitOptions extends ClusterOptions {
  readonly wait: boolean;
  readonly timeout: number;
}

interface OnOptions extends WaitOptions {
  readonly select?: string;
  readonly all?: true;
  readonly observe?: true;
  readonly spec?: string;
}

export function addSwitches(program: Command, world: Surroundings): void {
  const on = program
    .command('on')
    .description('accelerate: set the mode, or create the resource, and wait until every node has applied it')
    .option('--select <labels>', 'for a new resource: labels of the namespaces to select, for example istio-injection=enabled')
    .option('--all', 'for a new resource: select every namespace except system namespaces')
    .option('--observe', 'set the mode Observe: count what could be accelerated, and accelerate nothing')
    .addOption(new Option('--spec <yaml>', 'create the resource with this spec, or replace its spec').conflicts(['select', 'all', 'observe']))
    .addHelpText(
      'after',
      '\nExamples:\n  $ accelctl on --select istio-injection=enabled\n  $ accelctl on --observe\n  $ accelctl on --spec "$(cat spec.yaml)" --timeout 5m',
    )
    .action((_own, command: Command) => turnOn(command.optsWithGlobals<OnOptions>(), world));
  const off = program
    .command('off')
    .description('set the mode Off: all bytes go over TCP again at once; open connections stay open')
    .addHelpText('after', '\nExample:\n  $ accelctl off && accelctl status')
    .action((_own, command: Command) => turn('Off', command.optsWithGlobals<WaitOptions>(), world, (cluster) => cluster.setMode('Off')));
  for (const command of [on, off]) addWait(command);
}

/** Adds `--no-wait` and `--timeout` to a command that changes the resource. */
export function addWait(command: Command): Command {
  return command
    .option('--no-wait', 'return when the API server has accepted the change')
    .addOption(new Option('--timeout <duration>', 'how long to wait').argParser(duration).default(120_000, '2m'));
}

function turnOn(options: OnOptions, world: Surroundings): Promise<void> {
  const mode: Mode = options.observe === true ? 'Observe' : 'Accelerate';
  const { spec } = options;
  if (spec !== undefined) {
    const value = specOf(spec);
    return turn('the given spec', options, world, (cluster) => cluster.applySpec(value));
  }
  return turn(mode, options, world, async (cluster) => {
    const hasSelector = options.select !== undefined || options.all === true;
    if ((await cluster.resourceIfAny()) !== undefined) {
      if (hasSelector)
        throw new Failure(
          '--select and --all are for a new resource, and there is one already: change its selector with kubectl edit sca default, or its spec with --spec',
          exitCode.usage,
        );
      return cluster.setMode(mode);
    }
    if (!hasSelector)
      throw new Failure('there is no resource yet, so no namespaces are selected: choose them with --select KEY=VALUE, or --all', exitCode.usage);
    const namespaces = options.select === undefined ? {} : { matchLabels: labelsOf(options.select) };
    return cluster.applySpec({ mode, selector: { namespaces } });
  });
}

/** Changes the resource, waits until the change is settled, and prints the result. @param what the change, for the message */
async function turn(
  what: string,
  options: WaitOptions,
  world: Surroundings,
  change: (cluster: Cluster) => Promise<SidecarAcceleration>,
): Promise<void> {
  const cluster = world.cluster(options);
  const changed = await change(cluster);
  if (!options.wait) return world.print(`the API server has accepted mode ${changed.spec.mode}; see accelctl status --watch`);
  const settled = await awaitSettled(cluster, world, options.timeout);
  const { ready, message } = readinessOf(settled);
  world.print(ready ? `${settled.spec.mode} is in force: ${message}` : `${what} is not in force everywhere: ${message}`);
  world.end(ready ? exitCode.success : exitCode.notReady);
}

const plainObject = z.record(z.string(), z.unknown());

function specOf(text: string): object {
  try {
    return plainObject.parse(parse(text, { version: '1.1' }));
  } catch (error) {
    const problem = error instanceof z.ZodError ? 'the value is not a map' : errorMessage(error).split('\n')[0];
    throw new Failure(`reading --spec: ${problem}; pass only the spec, for example {mode: Accelerate}`, exitCode.usage);
  }
}
