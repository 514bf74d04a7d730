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
    until('both ends are accelerated', () => f.datapath.scan().steps >= 0 && ['front', 'back'].every((each) => f.counters(each).accelerated === 1), () => f.datapath.snapshot());
  const sendBody = async (): Promise<void> => {
    client.say('body\n');
    expect((await client.lines.next()).value).toBe('served');
  };
  await accelerated();
  return { accelerated, sendBody };
}

test('a program that reads small messages plainly may splice the first long one', async () => {
  const { sendBody } = await talking('splice');
  await until('bytes are redirected', () => f.counters('front').fastBytes > 0n);
  const before = f.counters('front').fastBytes;
  await sendBody();
  await sendBody();
  expect(f.counters('front').fastBytes - before).toBeLessThan(BigInt(body));
  await until('the reason is told', () => f.datapath.scan().steps >= 0 && f.counters('front').reasons.get('SplicingReader') === 1, () => f.datapath.snapshot());
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

/** Edge-triggered; asks FIONREAD whether there is more when a read has filled its buffer, as nginx does. `b` keeps it busy for three seconds; `e` ends a request. */
const asksAfterFullRead = `
import array,fcntl,select,socket,termios,time
l=socket.create_server(('0.0.0.0',${port}));print('ready')
c,_=l.accept();c.setblocking(False);p=select.epoll();p.register(c,select.EPOLLIN|select.EPOLLET)
def more():
  n=array.array('i',[0]);fcntl.ioctl(c,termios.FIONREAD,n);return n[0]
while True:
  assert p.poll(20);data=part=c.recv(1024)
  if b'b' in data: time.sleep(3.1)
  while len(part)==1024 and more(): part=c.recv(1024);data+=part
  if not data: break
  for _ in range(data.count(b'e')): c.send(b'k')
`;

/** Takes small turns until it is told to send many requests at once to a server that is busy, and has been for so long that the first of them goes over TCP. */
const bursting = (host: string): string => `
import select,socket,sys,time
c=socket.create_connection(('${host}',${port}));c.setsockopt(socket.IPPROTO_TCP,socket.TCP_NODELAY,1);c.setblocking(False)
def answers(n):
  while n: assert select.select([c],[],[],3)[0],'no answer';n-=len(c.recv(n))
while not select.select([sys.stdin],[],[],0.002)[0]: c.send(b'x'*199+b'e');answers(1)
c.send(b'b'+b'x'*198+b'e');time.sleep(3)
for _ in range(21): c.send(b'x'*199+b'e')
answers(22);print('served')
`;

// The first message after a second goes over TCP, to be seen by conntrack, and so do those that come before it is read.
test('a reader that asks FIONREAD after a full read finds all that was sent behind a message over TCP', async () => {
  const server = python(f.node, f.server, asksAfterFullRead);
  expect((await server.lines.next()).value).toBe('ready');
  const client = python(f.node, f.client, bursting(f.server.address));
  await until('both ends are accelerated', () => f.datapath.scan().steps >= 0 && ['front', 'back'].every((each) => f.counters(each).accelerated === 1), () => f.datapath.snapshot());
  client.say('burst\n');
  expect((await client.lines.next()).value).toBe('served');
  expect(f.counters('front').passes.get('Order')).toBeGreaterThan(0n);
});
