// The metrics of the controller for Prometheus. Every series exists from the start, with the value 0.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export function createMetrics(agents: () => number, depth: () => number) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const passes = new Counter({
    name: 'sidecar_acceleration_reconcile_total',
    help: 'Reconciliations of the resource, by result.',
    labelNames: ['result'] as const,
    registers,
  });
  for (const result of ['success', 'error'] as const) passes.inc({ result }, 0);
  const seconds = new Histogram({ name: 'sidecar_acceleration_reconcile_seconds', help: 'Duration of a reconciliation in seconds.', registers });
  const refused = new Counter({
    name: 'sidecar_acceleration_agent_streams_refused_total',
    help: 'Agent streams that were refused or ended with an error.',
    registers,
  });
  new Gauge({
    name: 'sidecar_acceleration_agents_connected',
    help: 'Agents with an open stream.',
    registers,
    collect() {
      this.set(agents());
    },
  });
  new Gauge({
    name: 'sidecar_acceleration_queue_depth',
    help: 'Keys that wait in the work queue.',
    registers,
    collect() {
      this.set(depth());
    },
  });
  const reports = new Counter({ name: 'sidecar_acceleration_agent_reports_total', help: 'Reports received from agents.', registers });
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server, by method and status code; 0 means that there was no answer.',
    labelNames: ['method', 'code'] as const,
    registers,
  });
  return { registry, passes, seconds, refused, reports, requests };
}

export type Metrics = ReturnType<typeof createMetrics>;
