// The files of a report, from which another person can find out why something is not accelerated. accelctl requests no Secrets.
import { stringify } from 'yaml';
import { errorLine } from '../../base';
import type { Cluster } from '../cluster';
import { findingsOf } from '../doctor';
import { factsOf, type Facts, type Pod } from '../doctor/facts';
import { statusTable } from '../statusTable';
import { redactedObject, redactedText } from './redact';

export interface BundleFile {
  readonly name: string;
  readonly text: string;
}

export interface BundleOptions {
  /** Namespace of the product; undefined means the one that the controller's ClusterRoleBinding names. */
  readonly namespace: string | undefined;
  readonly accelctl: string;
  readonly now: Date;
  /** Number of lines of each log, counted from the end. */
  readonly lines: number;
  /** Most bytes of all files together. */
  readonly mostBytes?: number;
  /** Called before each file is read. */
  readonly onPart: (what: string, done: number, total: number) => void;
}

/** The longest file of a report, in bytes. */
const mostFileBytes = 4 * 2 ** 20;
const mostReportBytes = 256 * 2 ** 20;
/** Most objects of a kind: the namespace of the product has few, but it may have many events. */
const mostObjects = '1000';

/**
 * The files one after the other, so that only one is in memory. An object or log that cannot be read is left out, and `missing.txt` names it with
 * the error.
 * @throws Failure when the API server does not answer or does not accept the credentials, and when it is not clear which namespace is meant
 */
export async function* bundleOf(cluster: Cluster, options: BundleOptions): AsyncGenerator<BundleFile, void, undefined> {
  const facts = await factsOf(cluster, options.namespace);
  const { mostBytes = mostReportBytes } = options;
  const missing: string[] = [];
  let size = 0;
  const bounded = ({ name, text }: BundleFile): BundleFile => {
    const file = { name, text: withoutRest(text) };
    size += Buffer.byteLength(file.text);
    return file;
  };
  yield bounded({ name: 'README.txt', text: readme(facts, options) });
  for (const file of factFiles(facts, options)) yield bounded(file);
  const parts = [...objectParts(facts), ...logParts(facts, options.lines)];
  for (const [at, { name, read }] of parts.entries()) {
    options.onPart(`reading ${name}`, at, parts.length);
    if (size >= mostBytes) {
      missing.push(`${name}: left out, because the report has ${size} bytes already; use fewer --lines`);
      continue;
    }
    try {
      yield bounded({ name, text: await read(cluster) });
    } catch (error) {
      missing.push(`${name}: ${redactedText(errorLine(error))}`);
    }
  }
  if (missing.length > 0) yield { name: 'missing.txt', text: `${missing.join('\n')}\n` };
}

/** The text, cut after the longest length of a file. */
function withoutRest(text: string): string {
  const length = Buffer.byteLength(text);
  if (length <= mostFileBytes) return text;
  return `${Buffer.from(text).subarray(0, mostFileBytes).toString('utf8')}\n[the last ${length - mostFileBytes} bytes are left out]\n`;
}

function readme({ version, namespace }: Facts, { accelctl, now }: BundleOptions): string {
  return [
    `Report of sidecar-acceleration, written at ${now.toISOString()} by accelctl ${accelctl}.`,
    `Cluster: Kubernetes ${version}; product in namespace ${namespace}.`,
    'It contains no Secrets. Recognized tokens, keys and passwords in objects and logs are replaced by [redacted].',
    'It contains names and labels of nodes, namespaces and pods: read it before you share it.',
    '',
  ].join('\n');
}

function* factFiles(facts: Facts, { now }: BundleOptions): Generator<BundleFile> {
  const { resource, nodes, namespaces, crd } = facts;
  const findings = findingsOf(facts, now);
  yield { name: 'doctor.yaml', text: yaml({ healthy: findings.every(({ level }) => level !== 'failure'), findings }) };
  if (resource !== undefined && resource !== 'forbidden') {
    yield { name: 'status.txt', text: `${statusTable(resource, now)}\n` };
    yield { name: 'resource.yaml', text: yaml(resource) };
  }
  if (Array.isArray(nodes))
    yield {
      name: 'nodes.yaml',
      text: yaml(
        nodes.map(({ metadata, status: { nodeInfo, conditions } }) => ({ name: metadata.name, labels: metadata.labels, nodeInfo, conditions })),
      ),
    };
  if (Array.isArray(namespaces))
    yield { name: 'namespaces.yaml', text: yaml(namespaces.map(({ metadata: { name, labels } }) => ({ name, labels }))) };
  if (crd !== undefined && crd !== 'forbidden') yield { name: 'crd.yaml', text: yaml(crd) };
}

interface Part {
  readonly name: string;
  readonly read: (cluster: Cluster) => Promise<string>;
}

function objectParts({ namespace }: Facts): Part[] {
  const labelSelector = 'app.kubernetes.io/name=sidecar-acceleration';
  const list = (name: string, path: string, query = {}): Part => ({
    name: `objects/${name}.yaml`,
    read: async (cluster) => yaml(await cluster.read(path, name, { ...query, limit: mostObjects })),
  });
  return [
    ...['deployments', 'daemonsets'].map((kind) => list(kind, `/apis/apps/v1/namespaces/${namespace}/${kind}`, { labelSelector })),
    ...['pods', 'services', 'configmaps'].map((kind) => list(kind, `/api/v1/namespaces/${namespace}/${kind}`, { labelSelector })),
    list('events', `/api/v1/namespaces/${namespace}/events`),
    list('leases', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`),
  ];
}

/** The log of each pod of the product, and of its previous container if it was restarted. */
function logParts({ pods, namespace }: Facts, lines: number): Part[] {
  if (pods === undefined || pods === 'forbidden') return [];
  return pods.flatMap((pod) =>
    [false, ...(wasRestarted(pod) ? [true] : [])].map((previous) => logPart(namespace, pod.metadata.name, previous, lines)),
  );
}

const wasRestarted = ({ status }: Pod): boolean => status.containerStatuses.some(({ restartCount }) => restartCount > 0);

function logPart(namespace: string, pod: string, previous: boolean, lines: number): Part {
  return {
    name: `logs/${pod}${previous ? '.previous' : ''}.log`,
    read: async (cluster) => {
      const query = { tailLines: String(lines), ...(previous ? { previous: 'true' } : {}) };
      // A log may have lines of any length. The end of it says what is wrong now; the rest leaves room for the line that says what is left out.
      return redactedText(await cluster.log(namespace, pod, query, mostFileBytes - 1_024));
    },
  };
}

const yaml = (value: unknown): string => stringify(redactedObject(value), { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
