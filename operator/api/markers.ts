// Kubernetes' own marks on schema fields (list-map keys, CEL rules), attached to the zod schema through its metadata.

/** One rule in the Common Expression Language; `self` is the field that carries it. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  /** The field to blame, when it is not the one that carries the rule. */
  readonly fieldPath?: string;
}

/** A list merged by the given keys of its items, as server-side apply does for containers by name. */
export function listMap(...keys: [string, ...string[]]): Record<string, unknown> {
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
}

/** A list without order and without duplicates. */
export const listSet: Record<string, unknown> = { 'x-kubernetes-list-type': 'set' };

/** An object that is replaced as a whole: two managers never own parts of one selector. */
export const atomic: Record<string, unknown> = { 'x-kubernetes-map-type': 'atomic' };

/** Rules the API server evaluates; their messages are what the user reads. */
export function rules(...list: [Rule, ...Rule[]]): Record<string, unknown> {
  return { 'x-kubernetes-validations': list };
}

/** Most entries of a map. zod has no such bound on records, and CEL costs cannot be estimated without one. */
export function maxProperties(count: number): Record<string, unknown> {
  return { maxProperties: count };
}
