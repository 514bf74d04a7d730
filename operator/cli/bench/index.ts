// accelctl bench: compares requests with acceleration off and on in the user's cluster, in a temporary namespace.
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
import { saveResult } from './record';
import { type BenchResult, markdownOf } from './result';
import { measureRounds, stopped } from './rounds';
import type { BenchSpec } from './manifests';
import { BenchNamespace } from './benchNamespace';

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

const measures = `What it measures: requests over TCP and over HTTP between two fortio pods on one of the nodes that the resource selects. The bench
installs no proxies. If your mesh injects sidecars into a namespace with these labels, the requests go through both sidecars; otherwise they
go directly from pod to pod. The report says which. "Off" is the label acceleration.dev/mode=off on this namespace only, so the bench changes
nothing for other traffic, but it shares the node with it. It does not measure CPU time: make demo does, on a cluster of its own.`;

export function addBench(program: Command, world: Surroundings): void {
  const number = (flags: string, description: string, from: number, to: number, value: number): Option =>
    new Option(flags, description).argParser(between(from, to)).default(value);
  program
    .command('bench')
    .description('measure requests between two pods with acceleration off and on, in a temporary namespace, and print a report')
    .option('--image <name>', 'an image with fortio 1.66 or newer', defaultImage)
    .option(
      '--label <labels>',
      'labels of the namespace, for example istio-injection=enabled; by default the matchLabels of the resource’s namespace selector',
    )
    .addOption(number('--rounds <number>', 'number of pairs of runs', 1, 50, 5))
    .addOption(number('--seconds <number>', 'duration of each run', 1, 120, 5))
    .addOption(number('--connections <number>', 'number of connections', 1, 1000, 32))
    .addOption(number('--payload <bytes>', 'size of a request', 1, 65_536, 1024))
    .addOption(new Option('-o, --output <format>', 'format of the report').choices(['markdown', 'json']).default('markdown'))
    .option('--file <path>', 'file for the result as JSON; by default the file that the console reads')
    .addHelpText(
      'after',
      `\nExamples:\n  $ accelctl bench\n  $ accelctl bench --rounds 10 --connections 64 -o json\n  $ accelctl bench --image registry.example/fortio:1.66.5 --label istio-injection=enabled\n\n${measures}`,
    )
    .action((_own, command: Command) => bench(command.optsWithGlobals<BenchOptions>(), world));
}

async function bench(options: BenchOptions, world: Surroundings): Promise<void> {
  const stop = new AbortController();
  void world.ended().then(() => stop.abort());
  const cluster = world.cluster(options);
  const spec = benchSpecOf(await cluster.resource(), options);
  await mustBeAllowed(cluster, spec.namespace);
  if (stop.signal.aborted) throw stopped();
  const benchNamespace = new BenchNamespace(cluster, spec, world, stop.signal);
  let left: string | undefined;
  let result: BenchResult;
  try {
    const { node, sidecars } = await benchNamespace.create();
    const { rounds, seconds, connections, payload, image } = options;
    const plan = { seconds, connections, payloadBytes: payload };
    const measured = await measureRounds({
      benchNamespace,
      world,
      resource: () => cluster.resource(),
      namespace: spec.namespace,
      rounds,
      plan,
      stop: stop.signal,
    });
    result = {
      version: 1,
      at: world.now().toISOString(),
      server: cluster.server,
      accelctl: productVersion(),
      node: await factsOf(cluster, node),
      sidecars,
      plan: { ...plan, rounds, image },
      ...measured,
    };
  } catch (error) {
    throw stop.signal.aborted ? stopped() : error;
  } finally {
    left = await benchNamespace.remove();
    if (left !== undefined) world.progress.show({ text: left, done: 0, total: 0 });
  }
  saveResult(result, options.file);
  world.print(options.output === 'json' ? JSON.stringify(result, null, 2) : markdownOf(result));
  world.end(left === undefined && result.runs.every(({ errors }) => errors === 0) ? exitCode.success : exitCode.notReady);
}

/** @throws Failure when the bench's connections would not be accelerated */
function benchSpecOf(resource: SidecarAcceleration, { image, label }: BenchOptions): BenchSpec {
  const { mode, selector, nodes } = resource.spec;
  const { ready, message } = readinessOf(resource);
  if (mode !== 'Accelerate')
    throw new Failure(`preparing the bench: the mode is ${mode}; set the mode Accelerate with accelctl on`, exitCode.notReady);
  if (!ready) throw new Failure(`preparing the bench: the resource is not ready: ${message}; see accelctl doctor`, exitCode.notReady);
  const namespaceLabels: Labels = label === undefined ? (selector.namespaces.matchLabels ?? {}) : labelsOf(label);
  const podLabels = selector.pods.matchLabels ?? {};
  const isSelected = matchesLabels(selector.namespaces, namespaceLabels) && matchesLabels(selector.pods, { ...podLabels, app: 'client' });
  if (!isSelected)
    throw new Failure(
      'preparing the bench: the resource does not select a namespace or pods with these labels; choose other labels with --label KEY=VALUE',
      exitCode.usage,
    );
  const id = randomBytes(4).toString('hex');
  return { namespace: `sidecar-acceleration-bench-${id}`, id, namespaceLabels, podLabels, nodeSelector: nodes.nodeSelector, image };
}

/** Checks the user's rights before the bench changes anything. @throws Failure when the user lacks one */
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
  const lacking = needs
    .filter((_, at) => answers[at] === false)
    .map(({ verb, resource, subresource }) => `${verb} ${subresource === undefined ? resource : `${resource}/${subresource}`}`);
  if (lacking.length > 0)
    throw new Failure(
      `preparing the bench: this user may not ${lacking.join(', ')}; ask for these rights, or ask a user who has them to run the bench`,
    );
}

const nodeObject = z.looseObject({
  status: z.looseObject({ nodeInfo: z.looseObject({ kernelVersion: z.string() }), capacity: z.looseObject({ cpu: z.string() }) }),
});

/** The facts of the node; kernel and CPUs are `unknown` for a user who may not read nodes. */
async function factsOf(cluster: Cluster, name: string): Promise<BenchResult['node']> {
  const found = nodeObject.safeParse(await cluster.client.request('GET', `/api/v1/nodes/${encodeURIComponent(name)}`).catch(() => undefined));
  return found.success
    ? { name, kernel: found.data.status.nodeInfo.kernelVersion, cpus: found.data.status.capacity.cpu }
    : { name, kernel: 'unknown', cpus: 'unknown' };
}

function between(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < from || value > to) throw new InvalidArgumentError(`not a number from ${from} to ${to}`);
    return value;
  };
}
