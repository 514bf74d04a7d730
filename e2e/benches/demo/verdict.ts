// What every demo must show, whatever its figures are. A demo that does not show it fails.
import { selectedNamespace } from '../../stand/mesh/demoMesh';
import type { MeasuredRun } from './measure';
import type { DemoResult } from './report';
import { median } from '../../../operator/cli/bench/statistics';

/** A line for each thing that the demo should show and does not. */
export function brokenPromises({ runs, resource, switching }: DemoResult): string[] {
  const broken: string[] = [];
  const failed = runs.reduce((sum, run) => sum + run.errors, 0) + switching.errors;
  if (failed > 0) broken.push(`${failed} requests failed`);
  const namespaces = resource.status?.namespaces ?? [];
  const { open, accelerated } = namespaces.find(({ name }) => name === selectedNamespace)?.connections ?? { open: 0, accelerated: 0 };
  if (open === 0 || accelerated < open) broken.push(`${accelerated} of ${open} connection ends of ${selectedNamespace} were accelerated under load`);
  const strangers = namespaces.filter(({ name }) => name !== selectedNamespace).map(({ name }) => name);
  if (strangers.length > 0) broken.push(`the status counts namespaces that are not selected: ${strangers.join(', ')}`);
  return broken;
}

/** A line for each protocol with the run before the resource existed: the product was installed and had no order. */
export function beforeLines(runs: readonly MeasuredRun[]): string {
  const before = runs.filter(({ mode }) => mode === 'Before');
  const line = (run: MeasuredRun): string => {
    const off = runs.filter(({ mode, protocol, path }) => mode === 'Off' && protocol === run.protocol && path === run.path);
    return `before any resource, ${run.protocol} ${run.path}: ${run.qps.toFixed(0)} QPS, ${run.avgMs.toFixed(2)} ms (mode Off: ${median(off.map(({ qps }) => qps)).toFixed(0)} QPS)`;
  };
  return before.map(line).join('\n');
}
