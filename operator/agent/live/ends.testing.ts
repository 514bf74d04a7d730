// For tests: pods and connection ends with default values.
import type { LocalPod } from '../cri/sandbox';
import type { ConnectionEnd } from '../datapath/contract';

export function podOf(name: string, netns: number, namespace = 'shop'): LocalPod {
  return { sandbox: name, namespace, name, uid: name, labels: {}, annotations: {}, ownKernel: false, addresses: ['10.0.0.1'], pid: netns, netns };
}

export function endWith(changes: Partial<ConnectionEnd> = {}): ConnectionEnd {
  return {
    cookie: 0x2an,
    local: '10.0.0.1:40000',
    remote: '10.98.0.9:80',
    joined: undefined,
    peerNetns: 0,
    accepting: false,
    state: 'Learning',
    fastBytes: 0n,
    tcpBytes: 100n,
    rttUs: 50,
    ...changes,
  };
}
