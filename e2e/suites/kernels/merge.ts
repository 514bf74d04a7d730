// Merges the results of two runs of one kernel: steps of the later run replace those of the earlier run. Pure.
import type { Plan } from './plan';
import type { KernelResult } from './result';

/** @returns the merged result; the later result alone when the version of the kernel has changed */
export function merged(before: KernelResult, later: KernelResult, { steps }: Plan): KernelResult {
  if (before.version !== later.version) return later;
  const again = new Set<string>(steps.map(({ program }) => program));
  const names = new Set(steps.map(({ name }) => name));
  const told = new Set(later.probes.map(({ name }) => name));
  return {
    ...later,
    programs: again.has('programs') ? later.programs : before.programs,
    traffic: again.has('traffic') ? later.traffic : before.traffic,
    tests: again.has('suite') ? later.tests : before.tests,
    conformance: again.has('conformance') ? later.conformance : before.conformance,
    undeclared: again.has('conformance') ? later.undeclared : before.undeclared,
    probes: [...before.probes.filter(({ name }) => !told.has(name)), ...later.probes],
    steps: [...before.steps.filter(({ name }) => !names.has(name)), ...later.steps],
  };
}
