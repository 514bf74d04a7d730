// Renders the chart with the real helm, without a cluster.
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { helm } from '../tools/catalogue';
import { attempt, CommandError } from '../tools/command';
import { installParts, type Tools } from '../tools/install';
import { checkout } from '../tools/paths';
import { Progress } from '../tools/progress';
import { versions } from '../tools/versions';

export const chartDirectory = join(checkout, 'charts', 'sidecar-acceleration');
export const releaseName = 'sidecar-acceleration';

const rendered = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
});
/** An object of the rendered chart; use `at` to read fields other than its metadata. */
export type Rendered = z.infer<typeof rendered>;

export type RenderChart = (values?: object, flags?: readonly string[]) => Promise<Rendered[]>;

/** Returns a function that renders the chart with values, as `helm template` does for a release in `namespace`. */
export async function chartRenderer(namespace = 'acceleration-system'): Promise<RenderChart> {
  const tools = await installParts(new Progress(), { helm });
  return async (values = {}, flags = []) => parsed(await template(tools, namespace, values, flags));
}

/** @throws CommandError with helm's message when it refuses the values */
export async function template(tools: Tools<'helm'>, namespace: string, values: object, flags: readonly string[]): Promise<string> {
  const args = ['template', releaseName, chartDirectory, `--namespace=${namespace}`, `--kube-version=${versions.kubernetes}`, '--values=-', ...flags];
  const result = await attempt(tools.path('helm'), args, { input: JSON.stringify(values), timeoutMs: 60_000 });
  if (result.code !== 0) throw new CommandError('helm', args, result, result.stderr.trim());
  return result.stdout;
}

export function parsed(text: string): Rendered[] {
  const documents = parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as unknown);
  return documents.filter((value) => value !== null).map((value) => rendered.parse(value));
}

/** The only object with this kind and name. @throws when there is none or more than one */
export function objectOf(objects: readonly Rendered[], kind: string, name: string): Rendered {
  const found = objects.filter((each) => each.kind === kind && each.metadata.name === name);
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`looking for ${kind} ${name}: ${found.length} of them are rendered`);
  return only;
}

/** The value at a path of an object, such as `spec.template.spec.containers.0.image`; undefined when the path does not exist. */
export function at(object: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined), object);
}

const podSpec = z.looseObject({
  serviceAccountName: z.string(),
  securityContext: z.unknown(),
  containers: z
    .array(
      z.looseObject({
        image: z.string(),
        securityContext: z.unknown(),
        resources: z.unknown(),
        env: z.array(z.looseObject({ name: z.string() })).default([]),
      }),
    )
    .length(1),
});
const marked = z.looseObject({ labels: z.record(z.string(), z.string()), annotations: z.record(z.string(), z.string()).default({}) });

/** A pod of the chart: of the Deployment, of a job, or a Pod object. */
export interface RenderedPod {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly spec: z.infer<typeof podSpec>;
}

export function podsOf(objects: readonly Rendered[]): RenderedPod[] {
  return objects.flatMap((object) => {
    const { name } = object.metadata;
    const prefix = { Pod: '', Deployment: 'spec.template.', Job: 'spec.template.' }[object.kind];
    if (prefix === undefined) return [];
    const { labels, annotations } = marked.parse(at(object, `${prefix}metadata`));
    return [{ name, labels, annotations, spec: podSpec.parse(at(object, `${prefix}spec`)) }];
  });
}
