// Asks the kernel, by trying, for what differs between kernels and decides how the datapath works on it.
import { Fixture } from '../../../ebpf/tests/fixture';
import { mountTracing } from '../../../operator/agent/datapath';
import { probeNoticing, probeRedirection } from './fionread';
import { tell } from './port';
import { probeWakeups } from './wakeups';

async function main(): Promise<void> {
  const tracing = mountTracing();
  const fixture = new Fixture();
  try {
    tell({ kind: 'probe', name: 'open connections are visited (iter/tcp)', answer: fixture.datapath.visits ? 'yes' : 'no' });
    tell({ kind: 'probe', name: 'tracefs', answer: tracing ?? 'yes' });
    probeRedirection();
    await probeWakeups(fixture);
    await probeNoticing(fixture);
  } finally {
    await fixture.remove();
  }
}

void main();
