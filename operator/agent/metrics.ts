// The agent's metrics for Prometheus, read from the latest report at each scrape.
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { nodeReasonNames } from '../api';
import type { NamespaceReport, Report } from '../protocol';

export interface MetricsSource {
  readonly report: () => Report;
  readonly connected: () => boolean;
}

const prefix = 'sidecar_acceleration_agent_';

/** The registry of the agent. Series of the node always exist; series of a namespace exist while the namespace is reported. */
export function createMetrics({ report, connected }: MetricsSource): Registry {
  const registry = new Registry();
  // The delay of the event loop is sampled once a second; the default of a hundred times is half of the CPU time of an idle agent. Node.js
  // counts the second between samples as delay, so the distribution is meaningless and removed; the delay at each scrape stays.
  collectDefaultMetrics({ register: registry, prefix, eventLoopMonitoringPrecision: 1000 });
  for (const value of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'])
    registry.removeSingleMetric(`${prefix}nodejs_eventloop_lag_${value}_seconds`);

  const node = (name: string, help: string, read: (report: Report) => number): void => {
    new Gauge({
      name: prefix + name,
      help,
      registers: [registry],
      collect() {
        this.set(read(report()));
      },
    });
  };
  node('controller_connected', '1 while the stream to the controller is open, else 0.', () => (connected() ? 1 : 0));
  node('applied_order', 'Revision of the last applied order.', ({ appliedOrder }) => appliedOrder);
  node('joined_sockets', 'Sockets in the SOCKHASH.', ({ joinedSockets }) => joinedSockets);
  node('draining_sockets', 'Sockets with unread redirected bytes while nothing is redirected any more.', ({ drainingSockets }) => drainingSockets);

  new Counter({
    name: `${prefix}errors_total`,
    help: 'Errors since the agent started: warnings of libbpf, and failed or invalid answers of the container runtime.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(report().errors);
    },
  });
  new Gauge({
    name: `${prefix}problem`,
    help: '1 while the node has a problem with this reason, else 0.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      const present = new Set(report().problems.map(({ reason }) => reason));
      for (const reason of nodeReasonNames) this.set({ reason }, present.has(reason) ? 1 : 0);
    },
  });

  const gauge = (name: string, help: string, read: (entry: NamespaceReport) => number): void => {
    new Gauge({
      name: prefix + name,
      help,
      labelNames: ['namespace'],
      registers: [registry],
      collect() {
        this.reset();
        for (const entry of report().namespaces) this.set({ namespace: entry.name }, read(entry));
      },
    });
  };
  gauge('pods_selected', 'Selected pods of this node.', ({ podsSelected }) => podsSelected);
  gauge('pods_accelerated', 'Selected pods whose new connections are joined.', ({ podsAccelerated }) => podsAccelerated);
  gauge('connections_open', 'Open connection ends in selected pods.', ({ open }) => open);
  gauge('connections_accelerated', 'Open connection ends that are joined.', ({ accelerated }) => accelerated);
  gauge('connections_adopted', 'Joined connection ends whose connection was open before it was joined.', ({ adopted }) => adopted);

  new Gauge({
    name: `${prefix}connections_not_accelerated`,
    help: 'Open connection ends that are not joined, by reason.',
    labelNames: ['namespace', 'reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, reasons } of report().namespaces) {
        for (const { reason, connections } of reasons) this.set({ namespace: name, reason }, connections);
      }
    },
  });
  new Counter({
    name: `${prefix}sent_bytes_total`,
    help: 'Bytes sent by selected pods, by way: fast (redirected) or tcp.',
    labelNames: ['namespace', 'way'],
    registers: [registry],
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
      name: `${prefix}${name}_total`,
      help,
      labelNames: ['namespace'],
      registers: [registry],
      collect() {
        this.reset();
        for (const each of report().namespaces) this.inc({ namespace: each.name }, of(each));
      },
    });
  };
  counter('connections_left', 'Connections that went back to TCP while they were open.', ({ left }) => left);
  counter('readers_woken', 'Readers that the agent woke because redirected bytes had been unread for a second.', ({ woken }) => woken);
  counter('connections_unseen', 'Connections that were not counted for lack of memory or room in a map.', ({ unseen }) => unseen);
  new Counter({
    name: `${prefix}passes_total`,
    help: 'Messages of joined connections that went over TCP, by the gate that sent them there.',
    labelNames: ['namespace', 'gate'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, passes } of report().namespaces) {
        for (const { gate, messages } of passes) this.inc({ namespace: name, gate }, messages);
      }
    },
  });
  return registry;
}
