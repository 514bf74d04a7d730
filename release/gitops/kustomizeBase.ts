// The kustomize base, rendered from the chart: the same objects, without Helm's marks and hooks.
import { join } from 'node:path';
import { stringify } from 'yaml';
import { parsed, template, type Rendered } from './chart';
import type { Tools } from '../tools/install';

export const baseDirectory = join('deploy', 'kustomize', 'base');
const policyDirectory = join('deploy', 'kustomize', 'policy');
/** Kustomize's user names no namespace; this is the one of namespace.yaml. */
const namespace = 'sidecar-acceleration';
const banner = '# Rendered from the chart by make render; do not edit.\n';

/** Path relative to the root of the checkout → text. */
export async function kustomizeBase(tools: Tools<'helm'>): Promise<Map<string, string>> {
  // A CRD that kustomize manages is the business of kustomize; Helm's mark to keep it means nothing there.
  const objects = parsed(await template(tools, namespace, { crds: { keep: false } }, ['--no-hooks'])).map(withoutHelm);
  const isCrd = ({ kind }: Rendered): boolean => kind === 'CustomResourceDefinition';
  // It names the image's repository inside of an expression, where `images` of an overlay does not reach: so it is a component of its own.
  const isPolicy = ({ kind }: Rendered): boolean => kind.startsWith('ValidatingAdmissionPolicy');
  return new Map([
    [join(baseDirectory, 'crd.yaml'), file(objects.filter(isCrd))],
    [join(baseDirectory, 'controller.yaml'), file(objects.filter((object) => !isCrd(object) && !isPolicy(object)))],
    [join(policyDirectory, 'policy.yaml'), file(objects.filter(isPolicy))],
  ]);
}

/** YAML 1.1 is what kustomize reads: the writer quotes a bare Off. */
function file(objects: readonly Rendered[]): string {
  const documents = objects.map((object) => stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }));
  return banner + documents.join('---\n');
}

const marks = ['helm.sh/chart', 'app.kubernetes.io/managed-by', 'app.kubernetes.io/instance'];

/** Labels that name a release of Helm would be wrong on every object, and in the pod template. */
function withoutHelm(object: Rendered): Rendered {
  return JSON.parse(JSON.stringify(object), (key, value: unknown) => (key === 'labels' || key === 'annotations' ? unmarked(value as Record<string, string>) : value)) as Rendered;
}

function unmarked(labels: Record<string, string>): Record<string, string> | undefined {
  const kept = Object.entries(labels).filter(([label]) => !marks.includes(label));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
