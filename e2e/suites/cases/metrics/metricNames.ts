// Finds the metrics that the chart's dashboard and alerts use, to compare them with those that controller and agents publish.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartDirectory } from '../../../../release/gitops/chart';

/** The file of the alert rules for Prometheus. */
export const alertsFile = join(chartDirectory, 'alerts', 'sidecar-acceleration.yaml');

/** The text of the dashboard for Grafana. */
export function dashboard(): string {
  return readFileSync(join(chartDirectory, 'dashboards', 'sidecar-acceleration.json'), 'utf8');
}

/** The sorted names of the product's metrics in PromQL expressions; a series of a histogram counts as the histogram. */
export function asked(text: string): string[] {
  const names = (text.match(/\bsidecar_acceleration_\w+/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  return [...new Set(names)].sort();
}

/** The metrics of the agents, or of the controller, that dashboard and alerts use. */
export function askedOf(component: 'agent' | 'controller'): string[] {
  const all = asked(dashboard() + readFileSync(alertsFile, 'utf8'));
  return all.filter((name) => ofAgents(name) === (component === 'agent'));
}

/** The names of the metrics in an answer of /metrics. Each has a TYPE line, even without a series. */
export function published(metrics: string): string[] {
  return [...metrics.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
}

/** True for a metric of the agents. One metric of the controller, which counts agents' streams, has a name that begins alike. */
function ofAgents(name: string): boolean {
  return name.startsWith('sidecar_acceleration_agent_') && !name.startsWith('sidecar_acceleration_agent_streams_');
}
