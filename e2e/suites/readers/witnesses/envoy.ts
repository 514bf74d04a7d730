// Envoy as a TCP proxy.
import { installTools } from '../../../stand/tools/install';
import { Progress } from '../../../../release/tools/progress';
import type { Witness } from '../witness';
import { originPorts, startOrigin } from './origin';

const port = 7070;
const envoyPath = async (): Promise<string> => (await installTools(new Progress(), ['envoy'])).path('envoy');

const address = (host: string, value: number): object => ({ socket_address: { address: host, port_value: value } });
const tcpProxy = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';
const filter = { name: 'tcp', typed_config: { '@type': tcpProxy, stat_prefix: 'front', cluster: 'origin' } };
const endpoints = [{ lb_endpoints: [{ endpoint: { address: address('127.0.0.1', originPorts.frames) } }] }];

const configuration = {
  static_resources: {
    listeners: [{ name: 'front', address: address('0.0.0.0', port), filter_chains: [{ filters: [filter] }] }],
    clusters: [{ name: 'origin', type: 'STATIC', connect_timeout: '5s', load_assignment: { cluster_name: 'origin', endpoints } }],
  },
};

export const envoy: Witness = {
  name: 'Envoy',
  protocol: 'frames',
  reads: 'edge-triggered, until EAGAIN or until its buffer is full',
  busy: 'frozen',
  port,
  async prepare() {
    await envoyPath();
  },
  async start(stand) {
    await startOrigin(stand);
    const options = ['--concurrency', 1, '-l', 'error', '--disable-hot-restart'];
    await stand.serve('server', [port], await envoyPath(), '-c', stand.file('envoy.json', JSON.stringify(configuration)), ...options);
    return {};
  },
};
