// Finds rights that were granted and never used, and rights that are broader than their use.
import { z } from 'zod';
import type { AuditedRequest } from '../../stand/api/audit';

const names = z.array(z.string()).default([]);
const rule = z.object({ apiGroups: names, resources: names, resourceNames: names, verbs: names });
const role = z.object({ metadata: z.object({ namespace: z.string().default('') }), rules: z.array(rule) });

/** A verb on a resource, in one namespace or in all (empty), for one name or for all (undefined). */
export interface Grant {
  readonly namespace: string;
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly name: string | undefined;
}

/** @param raw a Role or ClusterRole as the API server has it @throws ZodError */
export function grantsOf(raw: unknown): Grant[] {
  const { metadata, rules } = role.parse(raw);
  return rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          (resourceNames.length === 0 ? [undefined] : resourceNames).map((name) => ({ namespace: metadata.namespace, group, resource, verb, name })),
        ),
      ),
    ),
  );
}

type Use = Pick<AuditedRequest, 'namespace' | 'group' | 'resource' | 'verb' | 'name'>;

/** A line for each thing that is wrong with the grants; none when all are used and none is broader than its use. */
export function wrongRights(grants: readonly Grant[], requests: readonly AuditedRequest[]): string[] {
  const uses = requests.flatMap(usesOf);
  const refused = requests.filter(({ code }) => code === 403).map((use) => `used and not granted: ${shown(use)}`);
  const wrong = grants.flatMap((grant) => {
    const own = uses.filter((use) => covers(grant, use));
    if ([grant.group, grant.resource, grant.verb].includes('*')) return [`granted by a wildcard: ${shown(grant)}`];
    if (own.length === 0) return [`granted and never used: ${shown(grant)}`];
    return broader(grant, own);
  });
  return [...new Set([...refused, ...wrong])];
}

/** Server-side apply of an object that does not exist also needs the right to create it; the answer is 201 then. */
function usesOf(request: AuditedRequest): Use[] {
  return request.verb === 'patch' && request.code === 201 ? [request, { ...request, verb: 'create' }] : [request];
}

function covers(grant: Grant, use: Use): boolean {
  const { group, resource, verb } = grant;
  const same = group === use.group && resource === use.resource && verb === use.verb;
  return same && (grant.namespace === '' || grant.namespace === use.namespace) && (grant.name === undefined || grant.name === use.name);
}

function broader(grant: Grant, uses: readonly Use[]): string[] {
  const places = new Set(uses.map(({ namespace }) => namespace));
  const objects = new Set(uses.map(({ name }) => name));
  const [place = ''] = places;
  const [object = ''] = objects;
  const wide =
    grant.namespace === '' && places.size === 1 && place !== '' ? [`granted in every namespace and used in ${place} only: ${shown(grant)}`] : [];
  // RBAC cannot limit create to a name: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
  const nameless = grant.name === undefined && grant.verb !== 'create' && objects.size === 1 && object !== '';
  return [...wide, ...(nameless ? [`granted for every name and used for ${object} only: ${shown(grant)}`] : [])];
}

function shown({ verb, group, resource, namespace, name }: Use | Grant): string {
  const kind = group === '' ? resource : `${resource}.${group}`;
  return `${verb} ${kind}${name === undefined || name === '' ? '' : ` ${name}`}${namespace === '' ? '' : ` in ${namespace}`}`;
}
