// accelctl on and off: sets the mode, makes the resource where there is none, and waits until every node follows.
import { Option, type Command } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Mode, SidecarAcceleration } from '../api';
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
    .description('accelerate: set the mode, or create the resource, and wait until every node follows')
    .option('--select <labels>', 'when there is no resource yet: the labels of the namespaces to select, as in istio-injection=enabled')
    .option('--all', 'when there is no resource yet: select every namespace but those of the system')
    .option('--observe', 'only count what could be accelerated')
    .addOption(new Option('--spec <yaml>', 'create the resource with this spec, or make it the spec').conflicts(['select', 'all', 'observe']))
    .addHelpText('after', '\nExamples:\n  $ accelctl on --select istio-injection=enabled\n  $ accelctl on --observe\n  $ accelctl on --spec "$(cat spec.yaml)" --timeout 5m')
    .action((_own, command: Command) => turnOn(command.optsWithGlobals<OnOptions>(), world));
  const off = program
    .command('off')
    .description('send everything over TCP again, at once; open connections live through it')
    .addHelpText('after', '\nExample:\n  $ accelctl off && accelctl status')
    .action((_own, command: Command) => turn('Off', command.optsWithGlobals<WaitOptions>(), world, (cluster) => cluster.setMode('Off')));
  for (const command of [on, off]) addWait(command);
}

/** `--no-wait` and `--timeout`, for every command that starts something. */
export function addWait(command: Command): Command {
  return command.option('--no-wait', 'return when the API server has accepted it').addOption(new Option('--timeout <duration>', 'how long to wait').argParser(duration).default(120_000, '2m'));
}

function turnOn(options: OnOptions, world: Surroundings): Promise<void> {
  const mode: Mode = options.observe === true ? 'Observe' : 'Accelerate';
  const { spec } = options;
  if (spec !== undefined) {
    const value = specOf(spec);
    return turn('the given spec', options, world, (cluster) => cluster.applySpec(value));
  }
  return turn(mode, options, world, async (cluster) => {
    const asksToSelect = options.select !== undefined || options.all === true;
    if ((await cluster.resourceIfAny()) !== undefined) {
      if (asksToSelect) throw new Failure('--select and --all are for the first time, and there is a resource already: change its selector with kubectl edit sca default, or give the whole with --spec', exitCode.usage);
      return cluster.setMode(mode);
    }
    if (!asksToSelect) throw new Failure('there is no resource yet, and so no namespace is selected: say which with --select KEY=VALUE, or --all', exitCode.usage);
    const namespaces = options.select === undefined ? {} : { matchLabels: labelsOf(options.select) };
    return cluster.applySpec({ mode, selector: { namespaces } });
  });
}

/** Changes the resource, waits, and says how it ended. */
async function turn(what: string, options: WaitOptions, world: Surroundings, change: (cluster: Cluster) => Promise<SidecarAcceleration>): Promise<void> {
  const cluster = world.cluster(options);
  const changed = await change(cluster);
  if (!options.wait) return world.print(`${changed.spec.mode} is asked for; see accelctl status --watch`);
  const settled = await awaitSettled(cluster, world, options.timeout);
  const { ready, message } = readinessOf(settled);
  world.print(ready ? `${settled.spec.mode} is in force: ${message}` : `${what} is not in force everywhere: ${message}`);
  world.end(ready ? exitCode.fine : exitCode.notReady);
}

const plainObject = z.record(z.string(), z.unknown());

function specOf(text: string): object {
  try {
    return plainObject.parse(parse(text, { version: '1.1' }));
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it is not a map' : String(error instanceof Error ? error.message.split('\n')[0] : error);
    throw new Failure(`reading --spec: ${why}; give the spec alone, as in: {mode: Accelerate}`, exitCode.usage);
  }
}
