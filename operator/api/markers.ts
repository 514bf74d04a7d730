// Kubernetes' x-kubernetes-* keywords of schema fields (keys of list maps, CEL rules), attached to a zod schema as metadata.

/** One rule in the Common Expression Language; `self` is the field that carries it. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  /** The field that the API server's error names, when it is not the field that carries the rule. */
  readonly fieldPath?: string;
}

/** A list that server-side apply merges by the given keys of its items, as it merges containers by name. */
export function listMap(...keys: [string, ...string[]]): Record<string, unknown> {
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
}

/** A list without order and without duplicates. */
export const listSet: Record<string, unknown> = { 'x-kubernetes-list-type': 'set' };

/** An object that server-side apply replaces as a whole, so that two field managers never own parts of one selector. */
export const atomic: Record<string, unknown> = { 'x-kubernetes-map-type': 'atomic' };

/** CEL rules that the API server evaluates. It shows a rule's message to the user when the rule is broken. */
export function rules(...list: [Rule, ...Rule[]]): Record<string, unknown> {
  return { 'x-kubernetes-validations': list };
}

/** The most entries of a map. zod has no such bound for records, and without it the API server cannot estimate the cost of a CEL rule. */
export function maxProperties(count: number): Record<string, unknown> {
  return { maxProperties: count };
}
