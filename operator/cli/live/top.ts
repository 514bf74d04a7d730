// accelctl top: bytes per second on the fast path and over TCP, by namespace or pod; live on a terminal, once elsewhere.
import { Option, type Command } from 'commander';
import { type ConnectionList, share } from '../../api';
import type { Cluster } from '../cluster';
import { addOutput, formatted, type OutputOptions } from '../output';
import { RetryingPoll } from '../retryingPoll';
import type { Surroundings } from '../surroundings';
import { plainTable } from '../table';
import { type Target, targetIfAny } from '../target';
import { bytes } from '../units';
import { microseconds, nothing } from './connections';
import { addTarget, type LiveOptions } from './options';
import { type By, type Traffic, trafficBetween } from './rates';
import { codeOf, connectionsOf, silentNodeLines } from './source';

interface TopOptions extends LiveOptions, OutputOptions {
  readonly by?: By;
}

export function addTop(program: Command, world: Surroundings): void {
  const command = addTarget(program.command('top'))
    .description(
      'show bytes per second on the fast path and over TCP; live on a terminal until Ctrl-C, once elsewhere; exit code 3 when the data of a node is missing',
    )
    .addOption(
      new Option(
        '--by <what>',
        'one line for each namespace or pod; by default for each namespace, or for each pod when the argument is given',
      ).choices(['namespace', 'pod']),
    )
    .addHelpText('after', "\nExamples:\n  $ accelctl top\n  $ accelctl top shop\n  $ accelctl top --by pod -o json | jq '.[0]'")
    .action((what: string | undefined, _own, called: Command) => top(what, called.optsWithGlobals<TopOptions>(), world));
  addOutput(command);
}

interface Sample {
  readonly list: ConnectionList;
  /** Milliseconds since 1970. */
  readonly at: number;
}

async function top(what: string | undefined, options: TopOptions, world: Surroundings): Promise<void> {
  const target = targetIfAny(what, options.namespace);
  const by = options.by ?? (target === undefined ? 'namespace' : 'pod');
  const cluster = world.cluster(options);
  const draw = options.output === 'table' ? world.draw : undefined;
  let over = false;
  const ended = draw === undefined ? new Promise<void>(() => undefined) : world.ended().then(() => void (over = true));
  const polling = new RetryingPoll(world);
  let before = await polling.poll(() => sample(cluster, target, world));
  while (!over && before !== undefined && (await Promise.race([world.nextPoll(), ended.then(() => false)]))) {
    const earlier = before;
    const now = await polling.poll(() => sample(cluster, target, world));
    if (now === undefined) continue;
    const seconds = Math.max(0.001, (now.at - earlier.at) / 1000);
    const traffic = trafficBetween(earlier.list, now.list, seconds, by);
    world.end(codeOf(now.list));
    before = now;
    if (draw === undefined) return world.print(formatted(options.output, traffic, () => page(traffic, now.list, by)));
    draw(page(traffic, now.list, by));
  }
}

async function sample(cluster: Cluster, target: Target | undefined, { now }: Pick<Surroundings, 'now'>): Promise<Sample> {
  const list = await connectionsOf(cluster, target);
  return { list, at: now().getTime() };
}

const heads = ['>CONNECTIONS', '>FAST/s', '>TCP/s', '>ON THE FAST PATH', '>RTT'];

function page(traffic: readonly Traffic[], list: ConnectionList, by: By): string {
  if (traffic.length === 0) return [nothing(list), ...silentNodeLines(list.silentNodes)].join('\n');
  const rows = traffic.map((each) => [
    ...(by === 'pod' ? [each.namespace, each.pod] : [each.namespace]),
    `${each.accelerated}/${each.open}`,
    bytes(each.fastPerSecond),
    bytes(each.tcpPerSecond),
    each.fastPerSecond + each.tcpPerSecond < 1 ? '-' : share(each.fastPerSecond, each.fastPerSecond + each.tcpPerSecond),
    microseconds(each.roundTripMicroseconds),
  ]);
  return [plainTable([...(by === 'pod' ? ['NAMESPACE', 'POD'] : ['NAMESPACE']), ...heads], rows), ...silentNodeLines(list.silentNodes)].join('\n');
}
