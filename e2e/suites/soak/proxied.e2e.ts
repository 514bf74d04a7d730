// Shows why servers behind a proxy close last in the soak: otherwise Envoy loses bytes, also without this project's programs in the
// kernel. When this test fails, Envoy has changed, and the soak no longer needs the exception. Needs root.
import { TestNode, type TestPod } from '../../../ebpf/tests/pods';
import { python } from '../../../ebpf/tests/traffic';
import { addSidecar } from '../../stand/pods/sidecar';
import { installTools } from '../../stand/tools/install';
import { Progress } from '../../../release/tools/progress';

const port = 7000;
const upload = 400_000;
/** Least, default and greatest size of socket buffers, in bytes: so small that Envoy has to buffer the rest. */
const buffers = '4096 16384 65536';

/** A server that reads a little, waits half a second while the upload goes on, may shut its sending half, and reads the rest. */
const server = (shutsFirst: boolean): string => `import socket,time
l=socket.socket();l.bind(('0.0.0.0',${port}));l.listen(9);print('ready')
c,_=l.accept();n=len(c.recv(4));time.sleep(0.5)
${shutsFirst ? 'c.shutdown(socket.SHUT_WR);' : ''}time.sleep(0.5)
while b:=c.recv(4096): n+=len(b)
print(n)`;
const client = (host: string): string => `import socket
c=socket.create_connection(('${host}',${port}));c.sendall(b'x'*${upload});c.shutdown(socket.SHUT_WR)
while c.recv(9): pass`;

let node: TestNode;
let pods: { client: TestPod; server: TestPod };
beforeEach(async () => {
  const tools = await installTools(new Progress(), ['envoy']);
  node = new TestNode(`p${process.pid.toString(36)}`);
  pods = { client: node.addPod(), server: node.addPod() };
  for (const pod of Object.values(pods)) {
    node.exec(pod, 'sysctl', '-qw', `net.ipv4.tcp_rmem=${buffers}`, `net.ipv4.tcp_wmem=${buffers}`);
    await addSidecar(node, pod, tools.path('envoy'));
  }
});
afterEach(() => node.remove());

/** How many bytes of an upload arrive. */
async function received(shutsFirst: boolean): Promise<number> {
  const listening = python(node, pods.server, server(shutsFirst));
  await listening.lines.next();
  python(node, pods.client, client(pods.server.address));
  return Number((await listening.lines.next()).value);
}

test('through two Envoys an upload is whole when its server closes last', async () => {
  expect(await received(false)).toBe(upload);
});

test('through two Envoys an upload is cut when its server shuts its sending half first, on plain TCP', async () => {
  expect(await received(true)).toBeLessThan(upload);
});
