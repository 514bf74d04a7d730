// accelctl bench: before and after on the user's own cluster, in a namespace of its own that is always removed again.
import { randomBytes } from 'node:crypto';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import { type Labels, matchesLabels, productVersion, type SidecarAcceleration } from '../../api';
import type { Cluster } from '../cluster';
import { exitCode, Failure } from '../exit';
import type { ClusterOptions } from '../kubeconfig';
import { readinessOf } from '../readiness';
import { labelsOf } from '../selector';
import type { Surroundings } from '../surroundings';
import { keep } from './record';
import { type BenchResult, markdownOf } from './result';
import { measureRounds, stopped } from './rounds';
import type { Scene } from './scene';
import { Stage } from './stage';

export { lastBench } from './record';
export { type BenchResult, rowsOf } from './result';

interface BenchOptions extends ClusterOptions {
  readonly image: string;
  readonly label?: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly payload: number;
  readonly output: 'markdown' | 'json';
  readonly file?: string;
}

const defaultImage = 'fortio/fortio:1.66.5';

const measures = `What it measures: fortio asks fortio, two pods side by side on one of the nodes that the resource selects, over TCP and over HTTP. It
brings no proxies of its own: where your mesh injects into a namespace with these labels the requests go through both sidecars,
elsewhere straight from pod to pod, and the report says which. Off is the label acceleration.dev/mode=off on that namespace
alone: nobody else's traffic is touched, except that both share the node. Processor time is not in it: make demo measures that, on a cluster of its own.`;

export function addBench(program: Command, world: Surroundings): void {
  const number = (flags: string, description: string, from: number, to: number, value: number): Option => new Option(flags, description).argParser(between(from, to)).default(value);
  program
    .command('bench')
    .description('measure requests between two pods with acceleration off and on, in a namespace of its own that is removed again; prints a report to paste')
    .option('--image <name>', 'image with fortio 1.66 or newer', defaultImage)
    .option('--label <labels>', 'labels of the namespace, as in istio-injection=enabled; those that the resource selects by default')
    .addOption(number('--rounds <number>', 'pairs of runs', 1, 50, 5))
    .addOption(number('--seconds <number>', 'of each run', 1, 120, 5))
    .addOption(number('--connections <number>', 'of the load', 1, 1000, 32))
    .addOption(number('--payload <bytes>', 'of a request', 1, 65_536, 1024))
    .addOption(new Option('-o, --output <format>', 'how to print the report').choices(['markdown', 'json']).default('markdown'))
    .option('--file <path>', 'where to keep the result as JSON; for the console by default')
    .addHelpText('after', `\nExamples:\n  $ accelctl bench\n  $ accelctl bench --rounds 10 --connections 64 -o json\n  $ accelctl bench --image registry.example/fortio:1.66.5 --label istio-injection=enabled\n\n${measures}`)
    .action((_own, command: Command) => bench(command.optsWithGlobals<BenchOptions>(), world));
}

async function bench(options: BenchOptions, world: Surroundings): Promise<void> {
  const stop = new AbortController();
  void world.ended().then(() => stop.abort());
  const cluster = world.cluster(options);
  const scene = sceneOf(await cluster.resource(), options);
  await mustBeAllowed(cluster, scene.namespace);
  if (stop.signal.aborted) throw stopped();
  const stage = new Stage(cluster, scene, world, stop.signal);
  let left: string | undefined;
  let result: BenchResult;
  try {
    const { node, sidecars } = await stage.set();
    const { rounds, seconds, connections, payload, image } = options;
    const plan = { seconds, connections, payloadBytes: payload };
    const measured = await measureRounds({ stage, world, resource: () => cluster.resource(), namespace: scene.namespace, rounds, plan, stop: stop.signal });
    result = {
      version: 1, at: world.now().toISOString(), server: cluster.server, accelctl: productVersion(), node: await factsOf(cluster, node), sidecars, plan: { ...plan, rounds, image }, ...measured,
    };
  } catch (error) {
    throw stop.signal.aborted ? stopped() : error;
  } finally {
    left = await stage.strike();
    if (left !== undefined) world.progress.show({ text: left, done: 0, total: 0 });
  }
  keep(result, options.file);
  world.print(options.output === 'json' ? JSON.stringify(result, null, 2) : markdownOf(result));
  world.end(left === undefined && result.runs.every(({ errors }) => errors === 0) ? exitCode.fine : exitCode.notReady);
}

/** @throws Failure when nothing would be accelerated there */
function sceneOf(resource: SidecarAcceleration, { image, label }: BenchOptions): Scene {
  const { mode, selector, nodes } = resource.spec;
  const { ready, message } = readinessOf(resource);
  if (mode !== 'Accelerate') throw new Failure(`preparing the bench: the mode is ${mode}, so there is nothing to compare; see accelctl on`, exitCode.notReady);
  if (!ready) throw new Failure(`preparing the bench: it is not in force everywhere: ${message}; see accelctl doctor`, exitCode.notReady);
  const namespaceLabels: Labels = label === undefined ? (selector.namespaces.matchLabels ?? {}) : labelsOf(label);
  const podLabels = selector.pods.matchLabels ?? {};
  const isSelected = matchesLabels(selector.namespaces, namespaceLabels) && matchesLabels(selector.pods, { ...podLabels, app: 'client' });
  if (!isSelected) throw new Failure('preparing the bench: a namespace with these labels would not be selected; name others with --label KEY=VALUE', exitCode.usage);
  const id = randomBytes(4).toString('hex');
  return { namespace: `sidecar-acceleration-bench-${id}`, id, namespaceLabels, podLabels, nodeSelector: nodes.nodeSelector, image };
}

/** Before anything is made: half a bench would have to be removed. */
async function mustBeAllowed(cluster: Cluster, namespace: string): Promise<void> {
  const needs: readonly { readonly verb: string; readonly resource: string; readonly subresource?: string; readonly namespace?: string }[] = [
    { verb: 'create', resource: 'namespaces' },
    { verb: 'patch', resource: 'namespaces' },
    { verb: 'delete', resource: 'namespaces' },
    { verb: 'create', resource: 'pods', namespace },
    { verb: 'create', resource: 'pods', subresource: 'proxy', namespace },
    { verb: 'create', resource: 'services', namespace },
  ];
  const answers = await Promise.all(needs.map(({ verb, resource, ...where }) => cluster.may(verb, { group: '', resource, ...where })));
  const lacking = needs.filter((_, at) => answers[at] === false).map(({ verb, resource, subresource }) => `${verb} ${subresource === undefined ? resource : `${resource}/${subresource}`}`);
  if (lacking.length > 0) throw new Failure(`preparing the bench: this user may not ${lacking.join(', ')}; ask for these rights, or somebody who has them`);
}

const nodeObject = z.looseObject({ status: z.looseObject({ nodeInfo: z.looseObject({ kernelVersion: z.string() }), capacity: z.looseObject({ cpu: z.string() }) }) });

/** Somebody who may not read nodes gets a report without them. */
async function factsOf(cluster: Cluster, name: string): Promise<BenchResult['node']> {
  const found = nodeObject.safeParse(await cluster.client.request('GET', `/api/v1/nodes/${encodeURIComponent(name)}`).catch(() => undefined));
  return found.success ? { name, kernel: found.data.status.nodeInfo.kernelVersion, cpus: found.data.status.capacity.cpu } : { name, kernel: 'unknown', cpus: 'unknown' };
}

function between(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < from || value > to) throw new InvalidArgumentError(`not a number from ${from} to ${to}`);
    return value;
  };
}
