// accelctl connections: open connections one by one, with what was asked for, where it went, and how the bytes run.
import { Option, type Command } from 'commander';
import type { ConnectionList, LiveConnection } from '../../api';
import { addOutput, formatted, type OutputOptions } from '../output';
import type { Paint } from '../paint';
import type { Surroundings } from '../surroundings';
import { bare } from '../table';
import { type Target, targetIfAny } from '../target';
import { bytes } from '../units';
import { addTarget, type LiveOptions, rows } from './options';
import { codeOf, connectionsOf, silence } from './source';

interface ConnectionsOptions extends LiveOptions, OutputOptions {
  readonly limit: number;
}

export function addConnections(program: Command, world: Surroundings): void {
  const command = addTarget(program.command('connections'))
    .description('list open connections of selected pods, those that have sent the most first; ends with 3 when a node is silent')
    .addOption(new Option('--limit <number>', 'most lines').argParser(rows).default(100))
    .addHelpText('after', '\nExamples:\n  $ accelctl connections shop\n  $ accelctl connections shop/cart-6d5f --limit 20\n  $ accelctl connections -o json | jq \'.items[] | select(.reason == "OneWay")\'')
    .action((what: string | undefined, _own, called: Command) => connections(what, called.optsWithGlobals<ConnectionsOptions>(), world));
  addOutput(command);
}

async function connections(what: string | undefined, options: ConnectionsOptions, world: Surroundings): Promise<void> {
  const target = targetIfAny(what, options.namespace);
  const list = await connectionsOf(world.cluster(options), target, options.limit);
  world.print(formatted(options.output, list, () => page(list, target, world.paint)));
  world.end(codeOf(list));
}

function page(list: ConnectionList, target: Target | undefined, paint: Paint): string {
  const { remainingItemCount = 0 } = list.metadata;
  const rest = remainingItemCount === 0 ? [] : [`${remainingItemCount} more have sent less: see --limit`];
  const found = list.items.length === 0 ? [nothing(list)] : [bare([...heads], list.items.map((each) => row(each, target, paint)))];
  return [...found, ...rest, ...silence(list.silentNodes)].join('\n');
}

/** Nobody wants a table without lines. */
export function nothing({ pods, silentNodes }: ConnectionList): string {
  if (pods.length > 0) return `${pods.length} selected pods, and no open connection`;
  return silentNodes.length > 0 ? 'no node that may have its selected pods has answered' : 'no selected pod of it has been found: see accelctl explain';
}

const heads = ['POD', 'LOCAL', 'REMOTE', 'REDIRECTED TO', 'PEER', 'STATE', '>FAST', '>TCP', '>RTT'] as const;

function row(each: LiveConnection, target: Target | undefined, paint: Paint): string[] {
  const named = target === undefined ? `${each.metadata.namespace}/${each.pod}` : each.pod;
  const moved = each.role === 'Connecting' && each.redirected !== undefined && each.redirected !== each.remote;
  return [
    named, each.local, each.remote, moved ? (each.redirected ?? '') : '', each.peer ?? '', stateOf(each, paint), bytes(each.bytes.fast), bytes(each.bytes.tcp), microseconds(each.roundTripMicroseconds),
  ];
}

/** Accelerated, the reason why not, or a word for what is not counted by itself. */
export function stateOf({ state, reason }: LiveConnection, paint: Paint): string {
  return state === 'Accelerated' ? paint('good', state) : paint('doubtful', reason ?? 'not followed');
}

export function microseconds(count: number): string {
  if (count === 0) return '-';
  return count < 1000 ? `${count} us` : `${(count / 1000).toFixed(1)} ms`;
}
