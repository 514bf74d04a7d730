// The namespace or pod that a command's arguments name.
import { exitCode, Failure } from './exit';

export interface Target {
  readonly namespace: string;
  readonly pod?: string;
}

/**
 * @param what `shop` or `shop/cart-6d5f`; with `namespace`, the name of a pod, also in kubectl's form pod/NAME
 * @throws Failure with exit code 2 when `what` names neither a namespace nor a pod
 */
export function targetOf(what: string, namespace: string | undefined): Target {
  const named = namespace === undefined ? what : what.replace(/^pods?\//, '');
  const [first = '', second, ...rest] = namespace === undefined ? named.split('/') : [namespace, ...named.split('/')];
  if (rest.length > 0 || first === '' || second === '')
    throw new Failure(`reading the argument: ${what} names neither a namespace nor a pod; use a form such as shop or shop/cart-6d5f`, exitCode.usage);
  return second === undefined ? { namespace: first } : { namespace: first, pod: second };
}

/** Undefined when neither argument is given, which means all namespaces. @throws Failure as `targetOf` */
export function targetIfAny(what: string | undefined, namespace: string | undefined): Target | undefined {
  if (what !== undefined) return targetOf(what, namespace);
  return namespace === undefined ? undefined : { namespace };
}
