// Probes whether epoll wakes readers in time when their sockets are in the map and bytes come over TCP, against sockets outside the map.
import { z } from 'zod';
import { settings, until, type Fixture } from '../../../../ebpf/tests/fixture';
import { tell } from '../../../stand/machines/port';
import { runStaged } from './staged';

const turns = 1000;
const resultSchema = z.object({ waits: z.int(), late: z.int(), middle: z.number(), slowest: z.number() });

/**
 * Each side sends 100 bytes in two pieces, and waits by epoll for those of the other side. When a wait of a second times out although bytes
 * are there, a wake-up was lost.
 */
const talker = (flags: string): string => `
def talk(s,first,turns):
  e=select.epoll();e.register(s,select.EPOLLIN${flags});late=0;waits=0;got=0;took=[]
  def say():
    s.send(b'a'*50);s.send(b'b'*50)
  def drain():
    g=0
    while True:
      try: d=s.recv(4096)
      except BlockingIOError: return g
      if not d: return g
      g+=len(d)
  if first: say()
  for i in range(turns):
    began=time.monotonic()
    while got<100:
      woken=e.poll(1);waits+=1;n=drain();got+=n
      if not woken and n: late+=1
    got-=100;took.append(time.monotonic()-began)
    if not first or i<turns-1: say()
  took.sort()
  return dict(waits=waits,late=late,middle=took[len(took)//2]*1e3,slowest=took[-1]*1e3)
`;

const server = (port: number, flags: string): string => `${talker(flags)}
l=socket.create_server(('0.0.0.0',${port}));stage('listening')
s,_=l.accept();joined(s,s);talk(s,False,20);told(talk(s,False,${turns}))
`;

const client = (host: string, port: number, flags: string): string => `${talker(flags)}
s=connected('${host}',${port});joined(s,s);talk(s,True,20);stage('talked');told(talk(s,True,${turns}))
`;

const triggers = { level: '', edge: '|select.EPOLLET' };
let port = 8100;

export async function probeWakeups(fixture: Fixture): Promise<void> {
  for (const [trigger, flags] of Object.entries(triggers)) {
    for (const inMap of [false, true]) await measure(fixture, `epoll, ${trigger}-triggered`, flags, inMap);
  }
}

async function measure(fixture: Fixture, name: string, flags: string, inMap: boolean): Promise<void> {
  fixture.datapath.configure({ ...settings, mode: inMap ? 'Accelerate' : 'Off' });
  const place = ++port;
  const said: z.infer<typeof resultSchema>[] = [];
  const heard = (value: unknown): void => void said.push(resultSchema.parse(value));
  const atTalked = async (): Promise<void> => {
    if (inMap) await until('the connection is accelerated', () => fixture.counters('front').accelerated === 1);
    fixture.datapath.configure({ ...settings, mode: 'Off' });
  };
  let calling: Promise<void> | undefined;
  const atListening = (): void => {
    calling = runStaged(fixture, fixture.client, client(fixture.server.address, place, flags), atTalked, heard);
  };
  await runStaged(fixture, fixture.server, server(place, flags), atListening, heard);
  await calling;
  const sum = (pick: (one: (typeof said)[number]) => number): number => said.reduce((total, one) => total + pick(one), 0);
  const slowest = Math.max(...said.map((one) => one.slowest));
  const middle = sum((one) => one.middle) / said.length;
  const answer = `${sum(({ late }) => late)} of ${sum(({ waits }) => waits)} waits woken late; turn ${middle.toFixed(1)} ms, slowest ${slowest.toFixed(1)} ms`;
  tell({ kind: 'probe', name: `${name}, ${inMap ? 'in the map, bytes over TCP' : 'plain TCP'}`, answer });
}
