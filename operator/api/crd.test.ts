import { customResourceDefinition } from './crd';
import { spec } from './spec';
import type { StructuralSchema } from './structural';

const crd = customResourceDefinition();
const [v1alpha1] = crd.spec.versions;
if (!v1alpha1) throw new Error('the CRD has no version');
const root = v1alpha1.schema.openAPIV3Schema;

/** Each schema inside a schema, itself included, with its path. */
function* nodes(schema: StructuralSchema, at = ''): Generator<[string, StructuralSchema]> {
  yield [at, schema];
  for (const [name, child] of Object.entries(schema.properties ?? {})) yield* nodes(child, `${at}.${name}`);
  if (schema.items) yield* nodes(schema.items, `${at}[]`);
  if (schema.additionalProperties) yield* nodes(schema.additionalProperties, `${at}{}`);
}

/** Fills in defaults as the API server does, for objects only. */
function defaulted(schema: StructuralSchema, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const result: Record<string, unknown> = { ...value };
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    if (!(name in result) && 'default' in child) result[name] = child['default'];
    if (name in result) result[name] = defaulted(child, result[name]);
  }
  return result;
}

function specSchema(): StructuralSchema {
  const found = root.properties?.['spec'];
  if (!found) throw new Error('the CRD has no spec');
  return found;
}

describe('the CRD', () => {
  const own = [...nodes(root)].filter(([at]) => at.startsWith('.spec') || at.startsWith('.status'));

  it('bounds the length of every string, list and map, so that the cost of CEL rules and the size of the status are known', () => {
    const unbounded = own.filter(([, schema]) => {
      if (schema.type === 'string') return !('maxLength' in schema || 'enum' in schema || 'format' in schema);
      if (schema.type === 'array') return !('maxItems' in schema);
      return schema.additionalProperties !== undefined && !('maxProperties' in schema);
    });
    expect(unbounded.map(([at]) => at)).toEqual([]);
  });

  it('uses only patterns that RE2 supports: no look-around and no back-references', () => {
    for (const [, schema] of own) expect(String(schema['pattern'] ?? '')).not.toMatch(/\(\?[=!<]|\\[1-9]/);
  });

  it('gives an empty spec the same defaults as the schema in zod', () => {
    expect(defaulted(specSchema(), {})).toEqual(spec.parse({}));
  });

  it('has keys for every list of objects in the status, so that server-side apply merges the lists by key', () => {
    const keys = own
      .filter(([, schema]) => schema['x-kubernetes-list-type'] === 'map')
      .map(([at, schema]) => [at, schema['x-kubernetes-list-map-keys']]);
    expect(keys).toEqual([
      ['.status.conditions', ['type']],
      ['.status.nodes.unsupported', ['reason']],
      ['.status.nodes.leftOut', ['reason']],
      ['.status.rollout.revisions', ['revision']],
      ['.status.rollout.failures', ['node']],
      ['.status.rollout.aside', ['reason']],
      ['.status.namespaces', ['name']],
      ['.status.namespaces[].reasons', ['reason']],
    ]);
  });

  it('prints mode, readiness, nodes, share and age with kubectl get, and the rollout with -o wide', () => {
    expect(v1alpha1.additionalPrinterColumns.map((column) => column.name)).toEqual(['Mode', 'Ready', 'Nodes', 'Accelerated', 'Rollout', 'Age']);
  });
});
