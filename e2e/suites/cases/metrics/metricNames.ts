// Which metrics the chart's dashboard and alerts ask for, to be compared with what controller and agents publish.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartDirectory } from '../../../../release/gitops/chart';

/** Prometheus' own rule file. */
export const alertsFile = join(chartDirectory, 'alerts', 'sidecar-acceleration.yaml');

/** The text of Grafana's dashboard. */
export function dashboard(): string {
  return readFileSync(join(chartDirectory, 'dashboards', 'sidecar-acceleration.json'), 'utf8');
}

/** Names of the product's metrics in expressions of PromQL, sorted; the series of a histogram count as the histogram. */
export function asked(text: string): string[] {
  const names = (text.match(/\bsidecar_acceleration_\w+/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  return [...new Set(names)].sort();
}

/** What dashboard and alerts ask for of the agents or of the controller. */
export function askedOf(component: 'agent' | 'controller'): string[] {
  const all = asked(dashboard() + readFileSync(alertsFile, 'utf8'));
  return all.filter((name) => ofAgents(name) === (component === 'agent'));
}

/** Names of the metrics in the text that a /metrics answers, which has a TYPE line for each, with or without series. */
export function published(metrics: string): string[] {
  return [...metrics.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
}

/** The controller counts the streams of agents under a name that begins alike. */
function ofAgents(name: string): boolean {
  return name.startsWith('sidecar_acceleration_agent_') && !name.startsWith('sidecar_acceleration_agent_streams_');
}
