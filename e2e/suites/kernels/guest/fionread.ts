// Finds how the kernel redirects, by the agent's own trial, and whether programs that ask FIONREAD are noticed.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { object, settings, until, type Fixture } from '../../../../ebpf/tests/fixture';
import { parseBtf } from '../../../../operator/agent/datapath/btf';
import { section } from '../../../../operator/agent/datapath/elf';
import { fionreadBits } from '../../../../operator/agent/datapath/facts';
import { tryKernel } from '../../../../operator/agent/datapath/trial';
import { errorMessage } from '../../../../operator/base';
import { tell } from '../../../stand/machines/port';
import { runStaged } from './staged';

const asking = `
l=socket.create_server(('127.0.0.1',8000))
c=connected('127.0.0.1',8000);s,_=l.accept();joined(c,s)
def turn():
  c.send(b'x'*100);assert readable(s);s.recv(999);s.send(b'y'*100);assert readable(c);c.recv(999)
for i in range(20): turn()
fcntl.ioctl(s,0x541B,b'0000')
for i in range(5): turn()
stage('asked')
`;

export function probeRedirection(): void {
  const [counts, refuses] = redirection();
  tell({ kind: 'probe', name: 'FIONREAD of a socket in the map counts', answer: counts });
  tell({ kind: 'probe', name: 'a full receiver refuses what is redirected to it', answer: refuses });
}

function redirection(): readonly [string, string] {
  try {
    const bits = fionreadBits(parseBtf(section(readFileSync(object), '.BTF')));
    const facts = tryKernel(join(dirname(object), 'trial.bpf.o'), bits);
    const queues = [...((facts.fionread & bits.redirected) > 0 ? ['redirected bytes'] : []), ...((facts.fionread & bits.tcp) > 0 ? ['TCP’s'] : [])];
    return [queues.join(' and '), facts.rcvbuf_refuses === 1 ? 'yes' : 'no'];
  } catch (error) {
    const why = `not known: ${errorMessage(error)}`;
    return [why, why];
  }
}

/** Probes whether a program that asks FIONREAD is recognised, and its connection left on TCP. */
export async function probeNoticing(fixture: Fixture): Promise<void> {
  fixture.datapath.configure(settings);
  fixture.datapath.watchReaders(true);
  let noticed = false;
  const atStage = async (): Promise<void> => {
    const named = (): boolean => (fixture.counters('front').reasons.get('CountingReader') ?? 0) > 0;
    await until('the reader is named', named).catch(() => undefined); // the probe's answer then is no
    noticed = named();
  };
  await runStaged(fixture, fixture.client, asking, atStage, () => undefined);
  fixture.datapath.watchReaders(false);
  tell({ kind: 'probe', name: 'programs that ask FIONREAD are noticed', answer: noticed ? 'yes' : 'no' });
}
