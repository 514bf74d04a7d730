// The node's numbers for Prometheus, read from the latest report when they are scraped.
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { nodeReasonNames } from '../api';
import type { NamespaceReport, Report } from '../protocol';

export interface MetricsSource {
  readonly report: () => Report;
  readonly connected: () => boolean;
}

const prefix = 'sidecar_acceleration_agent_';

/** Every series of the node exists from the first scrape on; those of a namespace as long as it is reported. */
export function createMetrics({ report, connected }: MetricsSource): Registry {
  const registry = new Registry();
  // The loop's delay is looked at once a second: a hundred times, as by default, is half of what an agent costs that has nothing to do.
  // Node.js counts the second itself as delay, so its distribution says nothing; the delay at each scrape stays.
  collectDefaultMetrics({ register: registry, prefix, eventLoopMonitoringPrecision: 1000 });
  for (const value of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99']) registry.removeSingleMetric(`${prefix}nodejs_eventloop_lag_${value}_seconds`);

  const node = (name: string, help: string, read: (report: Report) => number): void => {
    new Gauge({ name: prefix + name, help, registers: [registry], collect() { this.set(read(report())); } });
  };
  node('controller_connected', 'Whether the stream to the controller is open.', () => (connected() ? 1 : 0));
  node('applied_order', 'Revision of the order that is in force.', ({ appliedOrder }) => appliedOrder);
  node('joined_sockets', 'Sockets joined now.', ({ joinedSockets }) => joinedSockets);
  node('draining_sockets', 'Joined sockets whose redirected bytes are still unread while nothing is redirected.', ({ drainingSockets }) => drainingSockets);

  new Counter({
    name: `${prefix}errors_total`, help: 'What went wrong since the agent began: warnings of the loader, a runtime that fell silent or spoke nonsense.', registers: [registry],
    collect() {
      this.reset();
      this.inc(report().errors);
    },
  });
  new Gauge({
    name: `${prefix}problem`, help: 'Whether the node cannot work as ordered for this reason.', labelNames: ['reason'], registers: [registry],
    collect() {
      const present = new Set(report().problems.map(({ reason }) => reason));
      for (const reason of nodeReasonNames) this.set({ reason }, present.has(reason) ? 1 : 0);
    },
  });

  const gauge = (name: string, help: string, read: (entry: NamespaceReport) => number): void => {
    new Gauge({
      name: prefix + name, help, labelNames: ['namespace'], registers: [registry],
      collect() {
        this.reset();
        for (const entry of report().namespaces) this.set({ namespace: entry.name }, read(entry));
      },
    });
  };
  gauge('pods_selected', 'Selected pods of this node.', ({ podsSelected }) => podsSelected);
  gauge('pods_accelerated', 'Selected pods whose new connections are joined.', ({ podsAccelerated }) => podsAccelerated);
  gauge('connections_open', 'Connection ends open in selected pods.', ({ open }) => open);
  gauge('connections_accelerated', 'Of those, the ends that are joined.', ({ accelerated }) => accelerated);
  gauge('connections_adopted', 'Of those, the ends that were open before they were joined.', ({ adopted }) => adopted);

  new Gauge({
    name: `${prefix}connections_not_accelerated`, help: 'Open connection ends that are not joined, by reason.',
    labelNames: ['namespace', 'reason'], registers: [registry],
    collect() {
      this.reset();
      for (const { name, reasons } of report().namespaces) {
        for (const { reason, connections } of reasons) this.set({ namespace: name, reason }, connections);
      }
    },
  });
  new Counter({
    name: `${prefix}sent_bytes_total`, help: 'Bytes sent by selected pods, by the way they took.', labelNames: ['namespace', 'way'], registers: [registry],
    collect() {
      this.reset();
      for (const { name, fastBytes, tcpBytes } of report().namespaces) {
        this.inc({ namespace: name, way: 'fast' }, fastBytes);
        this.inc({ namespace: name, way: 'tcp' }, tcpBytes);
      }
    },
  });
  const counter = (name: string, help: string, of: (report: NamespaceReport) => number): void => {
    new Counter({
      name: `${prefix}${name}_total`, help, labelNames: ['namespace'], registers: [registry],
      collect() {
        this.reset();
        for (const each of report().namespaces) this.inc({ namespace: each.name }, of(each));
      },
    });
  };
  counter('connections_left', 'Connections that went back to TCP while they were open.', ({ left }) => left);
  counter('readers_nudged', 'Readers woken because unread bytes of theirs had been lying for a second.', ({ nudged }) => nudged);
  counter('connections_unseen', 'Connections that there was no memory or no room to keep count of.', ({ unseen }) => unseen);
  new Counter({
    name: `${prefix}passes_total`, help: 'Messages of joined connections that went over TCP, by the gate that turned them back.',
    labelNames: ['namespace', 'gate'], registers: [registry],
    collect() {
      this.reset();
      for (const { name, passes } of report().namespaces) {
        for (const { gate, messages } of passes) this.inc({ namespace: name, gate }, messages);
      }
    },
  });
  return registry;
}
