// doctor's check of the CRD: whether it serves this release's version with every field.
import { customResourceDefinition, version } from '../../api';
import type { Facts, StoredCrd } from './facts';
import { failure, named, ok, skipped, type Finding } from './finding';

const upgrade = 'upgrade the release (crds.enabled: true), or: kubectl apply --server-side -f crds/acceleration.dev_sidecaraccelerations.yaml';

export function crdFindings({ crd, controller }: Pick<Facts, 'crd' | 'controller'>): Finding[] {
  if (crd === 'forbidden') return [skipped('crd', 'this user may not read CustomResourceDefinitions')];
  if (crd === undefined) {
    const isInstalled = controller !== undefined && controller !== 'forbidden';
    return [isInstalled ? failure('crd', 'the CRD is missing, but the controller is installed', upgrade) : ok('crd', 'not installed yet')];
  }
  const served = crd.spec.versions.find(({ name, served: isServed }) => name === version && isServed);
  if (served === undefined) return [failure('crd', `the CRD does not serve ${version}`, upgrade)];
  const missing = missingFields(crd);
  return [
    missing.length === 0
      ? ok('crd', `serves ${version} with every field of this release`)
      : failure('crd', `the CRD is older than this release: it lacks ${named(missing)}`, upgrade),
  ];
}

/** Paths, such as `spec.agent.image`, of fields that this release has and the stored CRD lacks; fields below a missing field are not listed. */
export function missingFields(stored: StoredCrd): string[] {
  const ours = customResourceDefinition().spec.versions[0]?.schema.openAPIV3Schema;
  const theirs = stored.spec.versions.find(({ name }) => name === version)?.schema.openAPIV3Schema;
  return missingIn(ours, theirs, '');
}

function missingIn(ours: unknown, theirs: unknown, at: string): string[] {
  const [wanted, found] = [propertiesOf(ours), propertiesOf(theirs)];
  return Object.entries(wanted).flatMap(([name, schema]) => {
    const path = at === '' ? name : `${at}.${name}`;
    return name in found ? missingIn(schema, found[name], path) : [path];
  });
}

/** The properties of an object's schema, or of the items of a list's schema. */
function propertiesOf(schema: unknown): Record<string, unknown> {
  if (typeof schema !== 'object' || schema === null) return {};
  if ('properties' in schema && typeof schema.properties === 'object' && schema.properties !== null)
    return schema.properties as Record<string, unknown>;
  return 'items' in schema ? propertiesOf(schema.items) : {};
}
