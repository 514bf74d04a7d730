// Finds by trying what differs between kernels and decides how the datapath works on them.
import { Fixture } from '../../../../ebpf/tests/fixture';
import { mountTracing } from '../../../../operator/agent/datapath';
import { enumerator } from '../../../../operator/agent/datapath/btf';
import { runningKernel } from '../../../../operator/agent/datapath/features';
import { callbacksProbe } from '../needs';
import { probeNoticing, probeRedirection } from './fionread';
import { tell } from '../../../stand/machines/port';
import { probeWakeups } from './wakeups';

async function main(): Promise<void> {
  const tracing = mountTracing();
  const fixture = new Fixture();
  try {
    tell({ kind: 'probe', name: 'open connections are visited (iter/tcp)', answer: fixture.datapath.canScan ? 'yes' : 'no' });
    const seenBy = [...fixture.datapath.seenBy].map(([habit, way]) => `who ${habit} by ${way}`);
    tell({ kind: 'probe', name: 'readers are seen', answer: `${fixture.datapath.watching}: ${seenBy.join(', ') || 'nobody'}` });
    const callbacks = enumerator(runningKernel(), 'TCP_BPF_SOCK_OPS_CB_FLAGS') !== undefined;
    tell({ kind: 'probe', name: callbacksProbe, answer: callbacks ? 'yes' : 'no' });
    tell({ kind: 'probe', name: 'tracefs', answer: tracing ?? 'yes' });
    probeRedirection();
    await probeWakeups(fixture);
    await probeNoticing(fixture);
  } finally {
    await fixture.remove();
  }
}

void main();
