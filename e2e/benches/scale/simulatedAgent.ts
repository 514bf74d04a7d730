// A node agent as light as it can be: a connection and a gRPC stream of its own, as every agent has, with frames by hand.
// Frames: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect as connectNet, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { abilities, Backoff, type NamespaceReport, type Report } from '../../../operator/protocol';
import { connectPath, encodeFromAgent } from '../../../operator/protocol/wire';
import { emptyReport, namespaceReport } from '../../stand/api/testAgent';
import { FrameReader, frame } from './frames';
import { revisionOf } from './revision';

export interface SimulatedAgentOptions {
  readonly port: number;
  /** With the authority that the controller is known by; one for all agents of a process. */
  readonly secureContext: SecureContext;
  readonly serverName: string;
  readonly token: string;
  /** @param message as it came, to be decoded by whoever wants more of it */
  readonly onOrder: (revision: number, message: Buffer) => void;
  /** The stream is accepted (true), or has ended. */
  readonly onState: (served: boolean) => void;
}

export class SimulatedAgent {
  private readonly backoff = new Backoff();
  private socket: Socket | undefined;
  private session: ClientHttp2Session | undefined;
  private stream: ClientHttp2Stream | undefined;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;
  private served = false;
  private appliedOrder = 0;

  constructor(
    private readonly options: SimulatedAgentOptions,
    /** What it says of each namespace of its node. */
    private readonly namespaces: Map<string, NamespaceReport>,
  ) {}

  /** Nothing dearer than a socket is made before somebody answers: while the controller is away, thousands of agents of one machine try. */
  connect(): void {
    if (this.closed) return;
    const socket = connectNet(this.options.port, '127.0.0.1');
    const unanswered = (): void => this.ended();
    socket.on('error', () => undefined);
    socket.once('close', unanswered);
    socket.once('connect', () => {
      socket.off('close', unanswered);
      this.speak(socket);
    });
    this.socket = socket;
  }

  private speak(socket: Socket): void {
    const { port, secureContext, serverName, token } = this.options;
    const session = connectHttp2(`https://127.0.0.1:${port}`, {
      createConnection: () => connectTls({ socket, secureContext, servername: serverName, ALPNProtocols: ['h2'] }),
    });
    this.session = session;
    // Whatever ends the session, its close event follows.
    session.on('error', () => undefined);
    session.once('close', () => this.ended());
    const stream = session.request({
      ':method': 'POST', ':path': connectPath, ':authority': serverName, 'content-type': 'application/grpc', te: 'trailers', authorization: `Bearer ${token}`,
    });
    this.stream = stream;
    const reader = new FrameReader((message) => this.take(message));
    stream.on('data', (chunk: Buffer) => reader.read(chunk));
    stream.on('error', () => undefined);
    stream.once('response', ({ 'grpc-status': refused }) => refused === undefined && this.accepted());
    stream.once('close', () => session.destroy());
    stream.write(frame(encodeFromAgent({ message: 'hello', hello: { agentVersion: 'simulated', kernel: '6.18.0', architecture: 'x86_64', mapAbi: 1, ...abilities, live: false } })));
  }

  /** The whole report, if there is an accepted stream for it. */
  private report(): void {
    if (!this.served) return;
    const report: Report = { ...emptyReport, appliedOrder: this.appliedOrder, namespaces: [...this.namespaces.values()] };
    this.stream?.write(frame(encodeFromAgent({ message: 'report', report })));
  }

  /** Says something else of a namespace, at once. */
  change(name: string, to: (report: NamespaceReport) => NamespaceReport): void {
    this.namespaces.set(name, to(this.namespaces.get(name) ?? namespaceReport(name, { podsSelected: 0, podsAccelerated: 0 })));
    this.report();
  }

  /** A second has gone by: bytes have run in every other namespace. @param told whether it is time to report that */
  traffic(told: boolean): void {
    let odd = false;
    for (const [name, report] of this.namespaces) {
      odd = !odd;
      if (odd) this.namespaces.set(name, { ...report, fastBytes: report.fastBytes + 10_000 });
    }
    if (told) this.report();
  }

  /** Shows its token anew, as an agent does when the kubelet has made another. */
  renew(): void {
    this.stream?.write(frame(encodeFromAgent({ message: 'renewal', renewal: { token: this.options.token } })));
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.session?.destroy();
    this.socket?.destroy();
  }

  private accepted(): void {
    this.served = true;
    this.options.onState(true);
    this.report();
  }

  private take(message: Buffer): void {
    const revision = revisionOf(message);
    if (revision === undefined) return;
    this.backoff.reset();
    this.appliedOrder = revision;
    this.options.onOrder(revision, message);
    this.report();
  }

  private ended(): void {
    this.stream = undefined;
    if (this.served) this.options.onState(false);
    this.served = false;
    if (!this.closed) this.retry = setTimeout(() => this.connect(), this.backoff.next());
  }
}
