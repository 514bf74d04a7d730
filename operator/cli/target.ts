// What a command is about: everything, a namespace, or a pod.
import { exitCode, Failure } from './exit';

export interface Target {
  readonly namespace: string;
  readonly pod?: string;
}

/**
 * @param what `shop`, `shop/cart-6d5f`, or with `namespace` the name of a pod; kubectl prints pods as pod/NAME
 * @throws Failure with code 2 for what names neither
 */
export function targetOf(what: string, namespace: string | undefined): Target {
  const named = namespace === undefined ? what : what.replace(/^pods?\//, '');
  const [first = '', second, ...rest] = namespace === undefined ? named.split('/') : [namespace, ...named.split('/')];
  if (rest.length > 0 || first === '' || second === '') throw new Failure(`reading the argument: ${what} names neither a namespace nor a pod; as in shop, or shop/cart-6d5f`, exitCode.usage);
  return second === undefined ? { namespace: first } : { namespace: first, pod: second };
}

/** Undefined for everything. @throws Failure as `targetOf` */
export function targetIfAny(what: string | undefined, namespace: string | undefined): Target | undefined {
  if (what !== undefined) return targetOf(what, namespace);
  return namespace === undefined ? undefined : { namespace };
}
