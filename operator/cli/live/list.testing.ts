// Live data in the form of the API server's answers, for tests.
import { type ConnectionList, liveApiVersion, type LiveConnection, type LiveEventType, type PodTraffic } from '../../api';

export const livePath = `/apis/${liveApiVersion}/connections`;
export const livePathOf = (namespace: string): string => `/apis/${liveApiVersion}/namespaces/${namespace}/connections`;

export function live(changes: Partial<LiveConnection> & { readonly id?: string } = {}): LiveConnection {
  const { id = '2a', ...rest } = changes;
  return {
    apiVersion: liveApiVersion,
    kind: 'Connection',
    metadata: { name: `node1.${id}`, namespace: 'shop' },
    pod: 'cart',
    node: 'node1',
    role: 'Connecting',
    local: '10.0.0.1:40000',
    remote: '10.98.0.9:80',
    path: 'NodeLocal',
    original: '10.98.0.9:80',
    redirected: '10.0.0.2:15006',
    peer: 'shop/web',
    state: 'Accelerated',
    bytes: { fast: 2048, tcp: 100 },
    roundTripMicroseconds: 60,
    ...rest,
  };
}

export function traffic(name: string, fast: number, tcp: number, changes: Partial<PodTraffic> = {}): PodTraffic {
  return {
    namespace: 'shop',
    name,
    node: 'node1',
    connections: { open: 2, accelerated: 1 },
    bytes: { fast, tcp },
    roundTripMicroseconds: 60,
    ...changes,
  };
}

export function listWith(changes: Partial<ConnectionList> = {}): ConnectionList {
  return {
    apiVersion: liveApiVersion,
    kind: 'ConnectionList',
    metadata: { resourceVersion: '0' },
    items: [live()],
    pods: [traffic('cart', 2048, 100)],
    silentNodes: [],
    ...changes,
  };
}

const types = { Opened: 'ADDED', Paired: 'MODIFIED', Left: 'MODIFIED', Closed: 'DELETED' } as const;

export function happened(event: LiveEventType, changes: Parameters<typeof live>[0] = {}): object {
  return { type: types[event], object: { ...live(changes), event, time: '2026-03-01T12:00:01.250Z' } };
}
