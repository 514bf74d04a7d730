// Programs of test pods, in Python: clients and servers that know every byte, and what attackers and restored programs can do to the
// sequence numbers of a connection. With CAP_NET_ADMIN in its network namespace a program can set them by TCP_REPAIR
// (net/ipv4/tcp.c).
import type { Fixture } from '../../../../ebpf/tests/fixture';
import type { TestPod } from '../../../../ebpf/tests/pods';
import { python } from '../../../../ebpf/tests/traffic';

export const port = 8000;

/** Runs Python in a pod. Each call of the returned function waits for the program's next line. */
export function run({ node }: Fixture, pod: TestPod, ...source: readonly string[]): () => Promise<string> {
  const { lines } = python(node, pod, source.join('\n'));
  return async () => String((await lines.next()).value);
}

/** Functions that read and set sequence numbers, each of which is that of the next byte. */
export const repairing = `
import os,socket,struct,select,time
REPAIR,QUEUE,NUMBER=19,20,21
NONE,RECEIVED,SENT=0,1,2
def begin(s): s.setsockopt(6,REPAIR,1)
def finish(s,probe=False): s.setsockopt(6,QUEUE,NONE);s.setsockopt(6,REPAIR,0 if probe else -1)
def number(s,queue): s.setsockopt(6,QUEUE,queue);return s.getsockopt(6,NUMBER)&0xffffffff
def numbers(s):
  begin(s);both=[number(s,SENT),number(s,RECEIVED)];finish(s);return both
def made(own,peer,sent,received):
  s=socket.socket();begin(s);s.setsockopt(1,2,1);s.bind(own)
  for queue,value in ((SENT,sent),(RECEIVED,received)):
    s.setsockopt(6,QUEUE,queue);s.setsockopt(6,NUMBER,struct.pack('I',value&0xffffffff))
  s.connect(peer);return s
def pretend_received(s,count): s.setsockopt(6,QUEUE,RECEIVED);s.send(b'x'*count)
def readable(s,seconds): return bool(select.select([s],[],[],seconds)[0])
def reach(s,peer): s.setblocking(False);s.connect_ex(peer);select.select([],[s],[],8);return s
`;

/** The client of a connection: takes `turns` turns, each with a message made of `word` and the turn's number, and returns how that went. */
export const asking = (word: string, turns: number): string => `
def ask(s):
  s.setsockopt(6,1,1);s.setblocking(False)
  for i in range(${turns}):
    m=b'${word}%06d'%i;s.send(m);g=b''
    while len(g)<len(m):
      if not readable(s,8): return 'no answer to %d'%i
      g+=s.recv(999)
    if g!=m: return 'wrong answer to %d: %r'%(i,g)
    time.sleep(.005)
  return 'fine'
`;

/** The server of a connection: sends back what it gets, and returns the bytes when they do not begin with `word`. */
export const answering = (word: string): string => `
def answer(s):
  s.setsockopt(6,1,1);s.setblocking(False)
  while True:
    if not readable(s,8): return 'nothing more'
    d=s.recv(999)
    if not d: return 'fine'
    heads=[d[i:i+${word.length}] for i in range(0,len(d),${word.length + 6})]
    if len(d)%${word.length + 6} or any(head!=b'${word}' for head in heads): return 'foreign bytes: %r'%d
    s.send(d)
`;

/** Waits until a file exists. */
export const awaiting = (file: string): string => `while not os.path.exists('${file}'): time.sleep(.01)`;

/** Listens, prints "ready", and answers one connection. */
export const server = (word: string, at: string): string => `${repairing}${answering(word)}
l=socket.create_server(('${at}',${port}));print('ready');c,_=l.accept();print(answer(c))`;
