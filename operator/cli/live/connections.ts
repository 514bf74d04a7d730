// accelctl connections: lists open connections with their addresses, the redirect's destination, the state and the bytes sent.
import { Option, type Command } from 'commander';
import type { ConnectionList, LiveConnection } from '../../api';
import { addOutput, formatted, type OutputOptions } from '../output';
import type { Paint } from '../paint';
import type { Surroundings } from '../surroundings';
import { plainTable } from '../table';
import { type Target, targetIfAny } from '../target';
import { bytes } from '../units';
import { addTarget, type LiveOptions, rows } from './options';
import { codeOf, connectionsOf, silentNodeLines } from './source';

interface ConnectionsOptions extends LiveOptions, OutputOptions {
  readonly limit: number;
}

export function addConnections(program: Command, world: Surroundings): void {
  const command = addTarget(program.command('connections'))
    .description('list open connections of selected pods, in descending order of bytes sent; exit code 3 when the data of a node is missing')
    .addOption(new Option('--limit <number>', 'maximum number of connections').argParser(rows).default(100))
    .addHelpText(
      'after',
      '\nExamples:\n  $ accelctl connections shop\n  $ accelctl connections shop/cart-6d5f --limit 20\n  $ accelctl connections -o json | jq \'.items[] | select(.reason == "OneWay")\'',
    )
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
  const rest = remainingItemCount === 0 ? [] : [`${remainingItemCount} more connections, which have sent fewer bytes, are not listed: see --limit`];
  const found =
    list.items.length === 0
      ? [nothing(list)]
      : [
          plainTable(
            [...heads],
            list.items.map((each) => row(each, target, paint)),
          ),
        ];
  return [...found, ...rest, ...silentNodeLines(list.silentNodes)].join('\n');
}

/** The line that replaces an empty table. */
export function nothing({ pods, silentNodes }: ConnectionList): string {
  if (pods.length > 0) return `${pods.length} selected pods without an open connection`;
  return silentNodes.length > 0 ? 'no answer from any node that may run the selected pods' : 'no selected pods found: see accelctl explain';
}

const heads = ['POD', 'LOCAL', 'REMOTE', 'REDIRECTED TO', 'PEER', 'STATE', '>FAST', '>TCP', '>RTT'] as const;

function row(each: LiveConnection, target: Target | undefined, paint: Paint): string[] {
  const named = target === undefined ? `${each.metadata.namespace}/${each.pod}` : each.pod;
  const moved = each.role === 'Connecting' && each.redirected !== undefined && each.redirected !== each.remote;
  return [
    named,
    each.local,
    each.remote,
    moved ? (each.redirected ?? '') : '',
    each.peer ?? '',
    stateOf(each, paint),
    bytes(each.bytes.fast),
    bytes(each.bytes.tcp),
    microseconds(each.roundTripMicroseconds),
  ];
}

/** Accelerated, or the reason why not; `not followed` for a connection without a reason. */
export function stateOf({ state, reason }: LiveConnection, paint: Paint): string {
  return state === 'Accelerated' ? paint('good', state) : paint('doubtful', reason ?? 'not followed');
}

export function microseconds(count: number): string {
  if (count === 0) return '-';
  return count < 1000 ? `${count} us` : `${(count / 1000).toFixed(1)} ms`;
}
