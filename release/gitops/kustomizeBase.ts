// Renders the kustomize base from the chart: the same objects without Helm's labels, annotations and hooks.
import { join } from 'node:path';
import { stringify } from 'yaml';
import { parsed, template, type Rendered } from './chart';
import type { Tools } from '../tools/install';

export const baseDirectory = join('deploy', 'kustomize', 'base');
const policyDirectory = join('deploy', 'kustomize', 'policy');
/** The namespace in namespace.yaml; kustomize does not ask its user for one. */
const namespace = 'sidecar-acceleration';
const banner = '# Rendered from the chart by make render; do not edit.\n';

/** Path relative to the root of the checkout → text. */
export async function kustomizeBase(tools: Tools<'helm'>): Promise<Map<string, string>> {
  // With crds.keep false the CRD has no annotation that tells Helm to keep it, which would mean nothing to kustomize.
  const objects = parsed(await template(tools, namespace, { crds: { keep: false } }, ['--no-hooks'])).map(withoutHelm);
  const isCrd = ({ kind }: Rendered): boolean => kind === 'CustomResourceDefinition';
  // The admission policy is a component of its own: its expression has the image's repository, which `images` of an overlay does not replace.
  const isPolicy = ({ kind }: Rendered): boolean => kind.startsWith('ValidatingAdmissionPolicy');
  return new Map([
    [join(baseDirectory, 'crd.yaml'), file(objects.filter(isCrd))],
    [join(baseDirectory, 'controller.yaml'), file(objects.filter((object) => !isCrd(object) && !isPolicy(object)))],
    [join(policyDirectory, 'policy.yaml'), file(objects.filter(isPolicy))],
  ]);
}

/** Writes YAML 1.1, which kustomize reads: there the text Off must be in quotes. */
function file(objects: readonly Rendered[]): string {
  const documents = objects.map((object) => stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }));
  return banner + documents.join('---\n');
}

const marks = ['helm.sh/chart', 'app.kubernetes.io/managed-by', 'app.kubernetes.io/instance'];

/** Removes labels and annotations that name a release of Helm, from the object and its pod template. */
function withoutHelm(object: Rendered): Rendered {
  return JSON.parse(JSON.stringify(object), (key, value: unknown) =>
    key === 'labels' || key === 'annotations' ? unmarked(value as Record<string, string>) : value,
  ) as Rendered;
}

function unmarked(labels: Record<string, string>): Record<string, string> | undefined {
  const kept = Object.entries(labels).filter(([label]) => !marks.includes(label));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
