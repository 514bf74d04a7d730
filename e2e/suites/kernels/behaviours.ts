// The results of the conformance suite on a kernel, one for each case: paths and families are put together. Pure.
import type { KernelResult } from './result';

export interface Behaviour {
  readonly name: string;
  readonly result: string;
}

export function behaviours({ conformance }: Pick<KernelResult, 'conformance'>): Behaviour[] {
  const cases = [...new Set(conformance.map((row) => row.case))];
  return cases.map((name) => ({ name, result: together(conformance.filter((row) => row.case === name).map(({ result }) => result)) }));
}

/** `same`, or `same, 1 of 4 refused` where paths or families differ. */
function together(results: readonly string[]): string {
  const kinds = [...new Set(results)].sort((one, other) => count(results, other) - count(results, one));
  return kinds.map((kind, index) => (index === 0 ? kind : `${count(results, kind)} of ${results.length} ${kind}`)).join(', ');
}

function count(results: readonly string[], kind: string): number {
  return results.filter((each) => each === kind).length;
}
