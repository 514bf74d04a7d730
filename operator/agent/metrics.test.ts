import type { Report } from '../protocol';
import { type HealthServer, serveHealth } from '../process';
import { createMetrics } from './metrics';

let alive: boolean;
let unready: string | undefined;
let report: Report;
let server: HealthServer;

beforeEach(async () => {
  alive = true;
  unready = undefined;
  report = {
    appliedOrder: 7,
    released: false,
    joinedSockets: 4,
    drainingSockets: 0,
    errors: 2,
    problems: [{ reason: 'NoBtf', message: 'm' }],
    namespaces: [
      {
        name: 'shop',
        podsSelected: 2,
        podsAccelerated: 1,
        open: 10,
        accelerated: 8,
        reasons: [{ reason: 'Pairing', connections: 2 }],
        fastBytes: 1000,
        tcpBytes: 10,
        passes: [{ gate: 'Backlog', messages: 3 }],
        draining: 0,
        adopted: 2,
        left: 5,
        woken: 6,
        unseen: 7,
      },
    ],
  };
  const metrics = createMetrics({ report: () => report, connected: () => true });
  server = await serveHealth(0, { alive: () => alive, unready: () => unready, metrics });
});

afterEach(() => server.close());

async function get(path: string, method = 'GET'): Promise<{ code: number; body: string }> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  return { code: response.status, body: await response.text() };
}

test('/healthz answers 200 while the agent works, and 500 when it is stuck', async () => {
  expect(await get('/healthz')).toEqual({ code: 200, body: 'ok\n' });
  alive = false;
  expect((await get('/healthz')).code).toBe(500);
});

test('/readyz answers with the reason while the agent is not ready', async () => {
  expect((await get('/readyz')).code).toBe(200);
  unready = 'no order yet';
  expect(await get('/readyz')).toEqual({ code: 503, body: 'no order yet\n' });
});

test('metrics have the values of the latest report, and series of a namespace end with its last report', async () => {
  const { body } = await get('/metrics');
  for (const line of [
    'sidecar_acceleration_agent_controller_connected 1',
    'sidecar_acceleration_agent_applied_order 7',
    'sidecar_acceleration_agent_errors_total 2',
    'sidecar_acceleration_agent_problem{reason="NoBtf"} 1',
    'sidecar_acceleration_agent_problem{reason="KernelTooOld"} 0',
    'sidecar_acceleration_agent_connections_open{namespace="shop"} 10',
    'sidecar_acceleration_agent_connections_not_accelerated{namespace="shop",reason="Pairing"} 2',
    'sidecar_acceleration_agent_sent_bytes_total{namespace="shop",way="fast"} 1000',
    'sidecar_acceleration_agent_connections_adopted{namespace="shop"} 2',
    'sidecar_acceleration_agent_connections_left_total{namespace="shop"} 5',
    'sidecar_acceleration_agent_readers_woken_total{namespace="shop"} 6',
    'sidecar_acceleration_agent_connections_unseen_total{namespace="shop"} 7',
    'sidecar_acceleration_agent_passes_total{namespace="shop",gate="Backlog"} 3',
  ])
    expect(body).toContain(`${line}\n`);
  report = { ...report, namespaces: [] };
  expect((await get('/metrics')).body).not.toContain('shop');
});

test('other paths and methods are refused', async () => {
  expect((await get('/')).code).toBe(404);
  expect((await get('/healthz', 'POST')).code).toBe(405);
});

test('the error for a port in use names the port', async () => {
  const metrics = createMetrics({ report: () => report, connected: () => true });
  await expect(serveHealth(server.port, { alive: () => true, unready: () => undefined, metrics })).rejects.toThrow(`port ${server.port}`);
});
