// Loads the datapath as the agent does, lets pods talk over it, and reports how many connections were joined and whether every byte was right.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { DatapathRefused } from '../../../../operator/agent/datapath';
import { ScanSchedule } from '../../../../operator/agent/scanSchedule';
import { Fixture, object, settings } from '../../../../ebpf/tests/fixture';
import { serve, talk, type Talk } from '../../../../ebpf/tests/traffic';
import type { Message } from '../../../stand/machines/messages';
import { tell } from '../../../stand/machines/port';

const port = 8000;
const connections = 8;
const visitEveryMs = 1000;
const lookEveryMs = 10;
/** Connections stay open long enough for both ends to be seen paired. `long` is for scans: the agent first watches for 2 s how programs read. */
const brief: Talk = { connections, messages: 200, maxBytes: 20_000, pauseMs: 0 };
const long: Talk = { ...brief, messages: 300, pauseMs: 40 };
const conversations = { 'when they open': brief, 'after a warm-up': brief, 'by visits': long };

/** @throws DatapathRefused, after it has sent the verifier's log to the host */
function openFixture(): Fixture {
  try {
    return new Fixture();
  } catch (error) {
    if (error instanceof DatapathRefused) tell({ kind: 'refused', error: error.message, log: verifierLog() });
    throw error;
  }
}

/** The verifier's log: the agent keeps only one line of it. */
function verifierLog(): string {
  const pins = '/tmp/refused';
  mkdirSync(pins);
  execFileSync('mount', ['-t', 'bpf', 'bpf', pins]);
  try {
    execFileSync('bpftool', ['prog', 'loadall', object, `${pins}/programs`], { stdio: 'pipe', maxBuffer: 1 << 26 });
    return 'bpftool, which loads every program unchanged, was not refused';
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr).slice(-16_000);
  } finally {
    execFileSync('umount', [pins]);
  }
}

/** How connections are joined: when they open, or by what the agent does later, which depends on the kernel. */
type Way = Extract<Message, { kind: 'traffic' }>['way'];

async function main(): Promise<void> {
  const fixture = openFixture();
  const learnt = fixture.datapath.canScan ? 'by visits' : 'after a warm-up';
  try {
    for (const [n, way] of (['when they open', learnt] as const).entries()) {
      fixture.datapath.configure({ ...settings, learn: way === learnt });
      await serve(fixture.node, fixture.server, port + n);
      await converse(fixture, way, 'IPv4', fixture.server.address, port + n);
      await converse(fixture, way, 'IPv6', fixture.server.address6, port + n);
    }
  } finally {
    await fixture.remove();
  }
}

async function converse(fixture: Fixture, way: Way, family: 'IPv4' | 'IPv6', address: string, port: number): Promise<void> {
  const ends = () => ['front', 'back'].map((namespace) => fixture.counters(namespace));
  const sum = () => ends().reduce((total, { fastBytes }) => total + fastBytes, 0n);
  const before = sum();
  let paired = 0;
  let over = false;
  const visits = new ScanSchedule(() => performance.now());
  const visiting = setInterval(() => visits.step(fixture.datapath, fixture.datapath.snapshot()), visitEveryMs);
  const talking = talk(fixture.node, fixture.client, address, port, conversations[way]).finally(() => (over = true));
  while (!over && paired < 2 * connections) {
    paired = Math.max(
      paired,
      ends().reduce((total, { accelerated }) => total + accelerated, 0),
    );
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  const said = await talking;
  clearInterval(visiting);
  tell({
    kind: 'traffic',
    way,
    family,
    connections: said.connections,
    paired,
    bytes: said.bytes,
    fastBytes: Number(sum() - before),
    wrongBytes: said.wrongBytes,
    errors: [...said.errors],
  });
}

void main();
