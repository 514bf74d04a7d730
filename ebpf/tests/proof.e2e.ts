// How much a container's programs are known to read at once: what is longer goes over TCP until they were seen to read it. Needs root.
import { Fixture, settings, until } from './fixture';
import { python } from './traffic';

const port = 8100;
const body = 50_000;

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
  f.datapath.configure({ ...settings, learn: true });
});
afterEach(() => f.remove());

/** Answers each byte with one; what follows a `b` is a body, which it reads by `how` when it has been away for a moment. */
const serving = (how: string): string => `
import os,select,socket,time
l=socket.create_server(('0.0.0.0',${port}));print('ready')
c,_=l.accept();c.setblocking(False);r,w=os.pipe()
def plain(): return len(c.recv(1<<16))
def splice():
  n=os.splice(c.fileno(),w,1<<16);os.read(r,n);return n
def ready(): assert select.select([c],[],[],10)[0],'nothing came'
while True:
  ready();kind=c.recv(1)
  if not kind: break
  if kind==b'b':
    c.send(b'k');time.sleep(0.05);left=${body}
    while left: ready();left-=${how}()
  c.send(b'k')
`;

/** Takes small turns until it is told on standard input to send a body; says what became of it. */
const asking = (host: string): string => `
import select,socket,sys
c=socket.socket();c.setblocking(False);c.connect_ex(('${host}',${port}));select.select([],[c],[])
def answer(): assert select.select([c],[],[],10)[0],'no answer';assert c.recv(1)==b'k'
def send(data):
  while data: select.select([],[c],[]);data=data[c.send(data):]
while True:
  if select.select([sys.stdin],[],[],0.002)[0]:
    if not sys.stdin.readline(): break
    c.send(b'b');answer();send(b'x'*${body});answer();print('served')
  try: c.send(b'x');answer()
  except ConnectionError: break
`;

async function talking(how: string) {
  const server = python(f.node, f.server, serving(how));
  expect((await server.lines.next()).value).toBe('ready');
  const client = python(f.node, f.client, asking(f.server.address));
  const accelerated = (): Promise<void> =>
    until('both ends are accelerated', () => f.datapath.visit().steps >= 0 && ['front', 'back'].every((each) => f.counters(each).accelerated === 1), () => f.datapath.snapshot());
  const sendBody = async (): Promise<void> => {
    client.say('body\n');
    expect((await client.lines.next()).value).toBe('served');
  };
  await accelerated();
  return { accelerated, sendBody };
}

test('a program that reads small messages plainly may splice the first long one', async () => {
  const { sendBody } = await talking('splice');
  const before = f.counters('front').fastBytes;
  expect(before).toBeGreaterThan(0n);
  await sendBody();
  await sendBody();
  expect(f.counters('front').fastBytes - before).toBeLessThan(BigInt(body));
  await until('the reason is told', () => f.datapath.visit().steps >= 0 && f.counters('front').reasons.get('SplicingReader') === 1, () => f.datapath.snapshot());
});

test('a long message is redirected once its readers were seen to take one as long', async () => {
  const { accelerated, sendBody } = await talking('plain');
  const before = f.counters('front').fastBytes;
  await sendBody();
  expect(f.counters('front').fastBytes - before).toBeLessThan(BigInt(body));
  expect(f.counters('front').passes.get('Unproven')).toBeGreaterThan(0n);
  await accelerated();
  const proven = f.counters('front').fastBytes;
  await sendBody();
  expect(f.counters('front').fastBytes - proven).toBeGreaterThanOrEqual(BigInt(body));
});
