// accelctl top: who sends how much, and how much of it runs on the fast path; live on a terminal, once anywhere else.
import { Option, type Command } from 'commander';
import { type ConnectionList, share } from '../../api';
import type { Cluster } from '../cluster';
import { addOutput, formatted, type OutputOptions } from '../output';
import { Persistence } from '../persistence';
import type { Surroundings } from '../surroundings';
import { bare } from '../table';
import { type Target, targetIfAny } from '../target';
import { bytes } from '../units';
import { microseconds, nothing } from './connections';
import { addTarget, type LiveOptions } from './options';
import { type By, type Traffic, trafficBetween } from './rates';
import { codeOf, connectionsOf, silence } from './source';

interface TopOptions extends LiveOptions, OutputOptions {
  readonly by?: By;
}

export function addTop(program: Command, world: Surroundings): void {
  const command = addTarget(program.command('top'))
    .description('show what is being sent, on the fast path and over TCP; live on a terminal until Ctrl-C, once elsewhere; ends with 3 when a node is silent')
    .addOption(new Option('--by <what>', 'what a line is; by default a namespace, or a pod of the namespace that is named').choices(['namespace', 'pod']))
    .addHelpText('after', '\nExamples:\n  $ accelctl top\n  $ accelctl top shop\n  $ accelctl top --by pod -o json | jq \'.[0]\'')
    .action((what: string | undefined, _own, called: Command) => top(what, called.optsWithGlobals<TopOptions>(), world));
  addOutput(command);
}

interface Look {
  readonly list: ConnectionList;
  readonly at: number;
}

async function top(what: string | undefined, options: TopOptions, world: Surroundings): Promise<void> {
  const target = targetIfAny(what, options.namespace);
  const by = options.by ?? (target === undefined ? 'namespace' : 'pod');
  const cluster = world.cluster(options);
  const draw = options.output === 'table' ? world.draw : undefined;
  let over = false;
  const ended = draw === undefined ? new Promise<void>(() => undefined) : world.ended().then(() => void (over = true));
  const persistence = new Persistence(world);
  let before = await persistence.look(() => look(cluster, target, world));
  while (!over && before !== undefined && (await Promise.race([world.nextLook(), ended.then(() => false)]))) {
    const known = before;
    const now = await persistence.look(() => look(cluster, target, world));
    if (now === undefined) continue;
    // A reader takes a look once a second; two looks at the same reading show nothing.
    const seconds = Math.max(0.001, (now.at - known.at) / 1000);
    const traffic = trafficBetween(known.list, now.list, seconds, by);
    world.end(codeOf(now.list));
    before = now;
    if (draw === undefined) return world.print(formatted(options.output, traffic, () => page(traffic, now.list, by)));
    draw(page(traffic, now.list, by));
  }
}

async function look(cluster: Cluster, target: Target | undefined, { now }: Pick<Surroundings, 'now'>): Promise<Look> {
  const list = await connectionsOf(cluster, target);
  return { list, at: now().getTime() };
}

const heads = ['>CONNECTIONS', '>FAST/s', '>TCP/s', '>ON THE FAST PATH', '>RTT'];

function page(traffic: readonly Traffic[], list: ConnectionList, by: By): string {
  if (traffic.length === 0) return [nothing(list), ...silence(list.silentNodes)].join('\n');
  const rows = traffic.map((each) => [
    ...(by === 'pod' ? [each.namespace, each.pod] : [each.namespace]),
    `${each.accelerated}/${each.open}`,
    bytes(each.fastPerSecond),
    bytes(each.tcpPerSecond),
    each.fastPerSecond + each.tcpPerSecond < 1 ? '-' : share(each.fastPerSecond, each.fastPerSecond + each.tcpPerSecond),
    microseconds(each.roundTripMicroseconds),
  ]);
  return [bare([...(by === 'pod' ? ['NAMESPACE', 'POD'] : ['NAMESPACE']), ...heads], rows), ...silence(list.silentNodes)].join('\n');
}
