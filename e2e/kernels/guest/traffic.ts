// Loads the datapath as the agent does, lets pods talk over it, and tells what was joined and whether every byte was right.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { DatapathRefused } from '../../../operator/agent/datapath';
import { Fixture, object, until } from '../../../ebpf/tests/fixture';
import { serve, talk, type Talk } from '../../../ebpf/tests/traffic';
import { tell } from './port';

const port = 8000;
/** Long enough for both ends of each connection to be seen paired. */
const conversation: Talk = { connections: 8, messages: 200, maxBytes: 20_000, pauseMs: 0 };

/** Throws DatapathRefused after telling the host all that the verifier said. */
function openFixture(): Fixture {
  try {
    return new Fixture();
  } catch (error) {
    if (error instanceof DatapathRefused) tell({ kind: 'refused', error: error.message, log: verifierLog() });
    throw error;
  }
}

/** The agent keeps one line of it; here all of it is wanted. */
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

async function main(): Promise<void> {
  const fixture = openFixture();
  try {
    await serve(fixture.node, fixture.server, port);
    for (const [family, address] of [['IPv4', fixture.server.address], ['IPv6', fixture.server.address6]] as const) {
      await converse(fixture, family, address);
    }
  } finally {
    await fixture.remove();
  }
}

async function converse(fixture: Fixture, family: 'IPv4' | 'IPv6', address: string): Promise<void> {
  const ends = () => ['front', 'back'].map((namespace) => fixture.counters(namespace));
  const sum = () => ends().reduce((total, { fastBytes }) => total + fastBytes, 0n);
  const before = sum();
  let paired = 0;
  let over = false;
  const talking = talk(fixture.node, fixture.client, address, port, conversation).finally(() => (over = true));
  await until('every end is paired', () => {
    paired = Math.max(paired, ends().reduce((total, { accelerated }) => total + accelerated, 0));
    return over || paired === 2 * conversation.connections;
  }).catch(() => undefined); // told as it is
  const said = await talking;
  tell({
    kind: 'traffic', family, connections: said.connections, paired, bytes: said.bytes,
    fastBytes: Number(sum() - before), wrongBytes: said.wrongBytes, errors: [...said.errors],
  });
}

void main();
