// accelctl explain: why a namespace or a pod is or is not accelerated, and what to do.
import type { Command } from 'commander';
import { caveatsOf } from './caveats';
import type { Cluster } from './cluster';
import { explanationOf, listedNamespace, type Explanation } from './explanation';
import type { ClusterOptions } from './kubeconfig';
import { podExplanationOf } from './podExplanation';
import type { Surroundings } from './surroundings';
import { targetOf } from './target';

interface ExplainOptions extends ClusterOptions {
  readonly namespace?: string;
}

export function addExplain(program: Command, world: Surroundings): void {
  program
    .command('explain')
    .description('explain why a namespace or a pod is or is not accelerated, and what to do; exit code 3 when it is not, or only in part')
    .argument('<namespace|pod>', 'a namespace, or a pod as NAMESPACE/POD')
    .option('-n, --namespace <name>', 'the argument is a pod of this namespace')
    .addHelpText('after', '\nExamples:\n  $ accelctl explain shop\n  $ accelctl explain shop/cart-6d5f\n  $ kubectl accel explain -n shop cart-6d5f')
    .action((what: string, _own, command: Command) => explain(what, command.optsWithGlobals<ExplainOptions>(), world));
}

async function explain(what: string, options: ExplainOptions, world: Surroundings): Promise<void> {
  const { namespace, pod } = targetOf(what, options.namespace);
  const cluster = world.cluster(options);
  const { text, code } = await (pod === undefined ? ofNamespace(cluster, namespace, world.now()) : ofPod(cluster, namespace, pod, world.now()));
  world.print(text);
  world.end(code);
}

async function ofNamespace(cluster: Cluster, name: string, now: Date): Promise<Explanation> {
  const resource = await cluster.resource();
  const labels = listedNamespace(resource, name) === undefined ? await cluster.namespaceLabels(name) : undefined;
  const explanation = explanationOf(resource, name, labels, now);
  return { ...explanation, text: [explanation.text, ...(await caveatLines(cluster, name))].join('\n') };
}

/** Lists that the user may not read are left out; accelctl doctor reports them. */
async function caveatLines(cluster: Cluster, namespace: string): Promise<string[]> {
  const { pods = [], tools = [] } = await caveatsOf(cluster, namespace);
  return [...pods, ...tools].map(({ what, remedy }) => `Note: ${what}.\n  ${remedy}`);
}

async function ofPod(cluster: Cluster, namespace: string, name: string, now: Date): Promise<Explanation> {
  const resource = await cluster.resource();
  const labels = await cluster.namespaceLabels(namespace);
  const pod = await cluster.pod(namespace, name);
  const needsNodeLabels = pod.node !== '' && Object.keys(resource.spec.nodes.nodeSelector).length > 0;
  return podExplanationOf(resource, { namespace: labels, node: needsNodeLabels ? await cluster.nodeLabels(pod.node) : undefined }, pod, now);
}
