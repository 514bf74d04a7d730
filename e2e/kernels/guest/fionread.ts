// What ioctl(FIONREAD) answers for a socket outside of the map, for one in it whose bytes come over TCP, for redirected
// bytes, and for some of each; and whether programs that ask are noticed.
import { z } from 'zod';
import { settings, until, type Fixture } from '../../../ebpf/tests/fixture';
import { tell } from './port';
import { runStaged } from './staged';

const answerSchema = z.object({ name: z.string(), sent: z.int(), counted: z.int(), readable: z.boolean(), read: z.int() });
type Answer = z.infer<typeof answerSchema>;

const both = `
l=socket.create_server(('127.0.0.1',8000))
def connected():
  c=socket.create_connection(('127.0.0.1',8000));s,_=l.accept();joined(c,s);return c,s
def turn():
  c.send(b'x'*100);assert readable(s);s.recv(999);s.send(b'y'*100);assert readable(c);c.recv(999)
def count(): return struct.unpack('i',fcntl.ioctl(s,0x541B,b'0000'))[0]
def answer(name,sent):
  r=readable(s);time.sleep(.1);n=count();g=0
  while g<sent and readable(s): g+=len(s.recv(9999))
  told(dict(name=name,sent=sent,counted=n,readable=r,read=g))
`;

/** Redirected bytes come right after turns: an idle connection sends its next message over TCP. */
const inEveryState = `${both}
stage('off')
c,s=connected();turn();c.send(b'T'*1000);answer('plain TCP',1000)
stage('on')
c,s=connected()
for i in range(20): turn()
stage('paired-then-off')
c.send(b'T'*1000);answer('in the map, bytes over TCP',1000)
stage('on-again')
for i in range(20): turn()
c.send(b'R'*1000);answer('redirected',1000)
for i in range(20): turn()
c.send(b'R'*700)
stage('off-again')
c.send(b'T'*300);answer('700 redirected, then 300 over TCP',1000)
`;

const asking = `${both}
c,s=connected()
for i in range(20): turn()
count()
for i in range(5): turn()
stage('asked')
`;

export async function probeFionread(fixture: Fixture): Promise<void> {
  const mode = (mode: 'Off' | 'Accelerate'): void => fixture.datapath.configure({ ...settings, mode });
  const joined = (): number => fixture.counters('front').accelerated;
  const atStage = async (name: string): Promise<void> => {
    if (name === 'paired-then-off') await until('both ends are accelerated', () => joined() === 2);
    mode(name.startsWith('on') ? 'Accelerate' : 'Off');
  };
  await runStaged(fixture, fixture.client, inEveryState, atStage, (value) => tellAnswer(answerSchema.parse(value)));
}

function tellAnswer({ name, sent, counted, readable, read }: Answer): void {
  const more = [readable ? '' : 'select() does not say readable', read === sent ? '' : `${read} could be read`].filter((words) => words !== '');
  tell({ kind: 'probe', name: `FIONREAD: ${name}`, answer: [`${counted} of ${sent}`, ...more].join(', ') });
}

/** Whether a program that asks is recognised, and left on TCP. */
export async function probeNoticing(fixture: Fixture): Promise<void> {
  fixture.datapath.configure(settings);
  fixture.datapath.watchReaders(true);
  let noticed = false;
  const atStage = async (): Promise<void> => {
    const named = (): boolean => (fixture.counters('front').reasons.get('CountingReader') ?? 0) > 0;
    await until('the reader is named', named).catch(() => undefined); // told as it is
    noticed = named();
  };
  await runStaged(fixture, fixture.client, asking, atStage, () => undefined);
  fixture.datapath.watchReaders(false);
  tell({ kind: 'probe', name: 'programs that ask FIONREAD are noticed', answer: noticed ? 'yes' : 'no' });
}
