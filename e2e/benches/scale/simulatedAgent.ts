// A light node agent: it has its own connection and gRPC stream, as every agent has, but writes the gRPC frames itself.
// Frames: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect as connectNet, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { Backoff } from '../../../operator/base';
import { abilities, agentBackoff, type NamespaceReport, type Report } from '../../../operator/protocol';
import { connectPath, encodeFromAgent } from '../../../operator/protocol/wire';
import { emptyReport, namespaceReport } from '../../stand/api/testAgent';
import { FrameReader, frame } from './frames';
import { revisionOf } from './revision';

export interface SimulatedAgentOptions {
  readonly port: number;
  /** Trusts the controller's CA; all agents of a process share it. */
  readonly secureContext: SecureContext;
  readonly serverName: string;
  readonly token: string;
  /** @param message the encoded order */
  readonly onOrder: (revision: number, message: Buffer) => void;
  /** Called when the stream is accepted (true) and when it has ended (false). */
  readonly onState: (served: boolean) => void;
}

export class SimulatedAgent {
  private readonly backoff = new Backoff(agentBackoff);
  private socket: Socket | undefined;
  private session: ClientHttp2Session | undefined;
  private stream: ClientHttp2Stream | undefined;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;
  private served = false;
  private appliedOrder = 0;

  constructor(
    private readonly options: SimulatedAgentOptions,
    /** The agent's report for each namespace of its node. */
    private readonly namespaces: Map<string, NamespaceReport>,
  ) {}

  /** Connects by TCP, and starts TLS only then: while the controller is away thousands of agents try again, and a failed try must cost little. */
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
    // A close event follows every error; it is handled there.
    session.on('error', () => undefined);
    session.once('close', () => this.ended());
    const stream = session.request({
      ':method': 'POST',
      ':path': connectPath,
      ':authority': serverName,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${token}`,
    });
    this.stream = stream;
    const reader = new FrameReader((message) => this.take(message));
    stream.on('data', (chunk: Buffer) => reader.read(chunk));
    stream.on('error', () => undefined);
    stream.once('response', ({ 'grpc-status': refused }) => refused === undefined && this.accepted());
    stream.once('close', () => session.destroy());
    stream.write(
      frame(
        encodeFromAgent({
          message: 'hello',
          hello: { agentVersion: 'simulated', kernel: '6.18.0', architecture: 'x86_64', mapAbi: 1, ...abilities, live: false },
        }),
      ),
    );
  }

  /** Sends the whole report when the stream is accepted. */
  private report(): void {
    if (!this.served) return;
    const report: Report = { ...emptyReport, appliedOrder: this.appliedOrder, namespaces: [...this.namespaces.values()] };
    this.stream?.write(frame(encodeFromAgent({ message: 'report', report })));
  }

  /** Changes the report for a namespace and sends it at once. */
  change(name: string, to: (report: NamespaceReport) => NamespaceReport): void {
    this.namespaces.set(name, to(this.namespaces.get(name) ?? namespaceReport(name, { podsSelected: 0, podsAccelerated: 0 })));
    this.report();
  }

  /** Called every second: adds bytes to every second namespace. @param told whether to send a report now */
  traffic(told: boolean): void {
    let odd = false;
    for (const [name, report] of this.namespaces) {
      odd = !odd;
      if (odd) this.namespaces.set(name, { ...report, fastBytes: report.fastBytes + 10_000 });
    }
    if (told) this.report();
  }

  /** Sends its token again, as an agent does when the kubelet has written a new one. */
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
