// The CustomResourceDefinition of SidecarAcceleration, made from the zod schema.
import { z } from 'zod';
import { group, kind, plural, shortName, singletonName, singular, version } from './constants';
import { rules } from './markers';
import { spec } from './spec';
import { status } from './status';
import { structural, type StructuralSchema } from './structural';

/** The columns of `kubectl get sca`. A column prints one field, so shares such as 3/3 are strings in the status. */
const columns = [
  { name: 'Mode', type: 'string', jsonPath: '.spec.mode' },
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  {
    name: 'Nodes',
    type: 'string',
    jsonPath: '.status.summary.nodes',
    description: 'Nodes with a ready agent, of the nodes that should have an agent.',
  },
  {
    name: 'Accelerated',
    type: 'string',
    jsonPath: '.status.summary.accelerated',
    description: 'Share of the open connections that are accelerated.',
  },
  { name: 'Rollout', type: 'string', jsonPath: '.status.rollout.message', priority: 1, description: 'How far the newest revision of the agent is.' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
] as const;

/** The name is fixed, so that a cluster has one object: a second could only contradict the first. */
const singleton = rules({
  rule: `self.metadata.name == '${singletonName}'`,
  message: `a cluster has one ${kind} and its name is "${singletonName}": set metadata.name to ${singletonName}`,
  fieldPath: '.metadata.name',
});

function schema(): StructuralSchema {
  const body = structural(z.object({ spec: spec.prefault({}), status: status.optional() }));
  return {
    type: 'object',
    description: 'Accelerates the connections between apps and their sidecars, and between sidecars, on every selected node.',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object', properties: { name: { type: 'string' } } },
      ...body.properties,
    },
    ...singleton,
  };
}

/** The CustomResourceDefinition as an object that can be applied or written as YAML. */
export function customResourceDefinition() {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName] },
      scope: 'Cluster',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: schema() },
        },
      ],
    },
  };
}
