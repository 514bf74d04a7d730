// Keeps the live API running while this controller leads: its server, its certificate and the caBundle of its APIService.
import { errorLine } from '../../base';
import { fieldManager, liveApiService } from '../../api';
import { type KubeClient } from '../../kube';
import type { CertificatePair } from '../../protocol';
import { type FrontProxy, readFrontProxy } from './frontProxy';
import type { Questions } from './questions';
import { type LiveServer, serveLive } from './server';

export { agentsOf, type LiveAgent, Questions } from './questions';

export interface LiveParts {
  readonly client: KubeClient;
  readonly host: string;
  readonly port: number;
  readonly questions: Questions;
  /** The authority, in PEM, by which the API server verifies this server. */
  readonly authority: () => string;
  /** Issues a server certificate of that authority for the name that the API server connects to. */
  readonly issue: () => Promise<CertificatePair>;
  readonly now: () => Date;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** Milliseconds between two checks: the front proxy's authority may be replaced at any time. */
const againMs = 60_000;
const reissueMs = 30 * 86_400_000;
const mergePatch = 'application/merge-patch+json';

export class LiveApi {
  private server: LiveServer | undefined;
  private tls: { readonly pair: CertificatePair; readonly authority: string; readonly at: number } | undefined;
  private frontProxy = '';
  private lastProblem = '';
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly parts: LiveParts) {}

  /** Starts the server and checks every minute. Never rejects: failures are logged and tried again, and affect nothing else. */
  async keep(): Promise<void> {
    try {
      await this.ensure();
      this.lastProblem = '';
    } catch (error) {
      const problem = errorLine(error);
      if (problem !== this.lastProblem && !this.closed) this.parts.log('warn', `serve live data: ${problem}; trying again every minute`);
      this.lastProblem = problem;
    }
    if (!this.closed) this.timer = setTimeout(() => void this.keep(), againMs);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.server?.close();
  }

  private async ensure(): Promise<void> {
    const proxy = await readFrontProxy(this.parts.client);
    const { pair, changed } = await this.certificate();
    if (this.closed) return;
    if (this.server === undefined) await this.serve(pair, proxy);
    else if (changed || JSON.stringify(proxy) !== this.frontProxy) this.server.use(pair, proxy);
    this.frontProxy = JSON.stringify(proxy);
    await this.publish();
  }

  private async serve(tls: CertificatePair, frontProxy: FrontProxy): Promise<void> {
    const server = await serveLive({ ...this.parts, tls, frontProxy });
    this.server = server;
    if (this.closed) return server.close();
    this.parts.log('info', `serving live data at port ${server.port}`);
  }

  private async certificate(): Promise<{ readonly pair: CertificatePair; readonly changed: boolean }> {
    const authority = this.parts.authority();
    const at = this.parts.now().getTime();
    if (this.tls !== undefined && this.tls.authority === authority && at - this.tls.at < reissueMs) return { pair: this.tls.pair, changed: false };
    this.tls = { pair: await this.parts.issue(), authority, at };
    return { pair: this.tls.pair, changed: true };
  }

  /** Sets the caBundle of the APIService, which the chart creates. A patch without a change writes nothing. */
  private async publish(): Promise<void> {
    const caBundle = Buffer.from(this.parts.authority()).toString('base64');
    await this.parts.client.request('PATCH', `/apis/apiregistration.k8s.io/v1/apiservices/${liveApiService}`, {
      query: { fieldManager },
      contentType: mergePatch,
      body: { spec: { caBundle } },
    });
  }
}
