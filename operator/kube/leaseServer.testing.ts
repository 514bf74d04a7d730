// For tests: a server of one Lease with optimistic concurrency, and clients whose connections can fail or be slow.
import { ApiError } from './errors';
import type { Clock } from './clock';
import type { KubeClient } from './client';

interface StoredLease {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The state of one client's connection. */
export interface Line {
  /** Requests do not arrive; they fail after their time limit. */
  cut: boolean;
  /** Requests arrive, their answers do not; the requests fail after their time limit. */
  deaf: boolean;
  /** Milliseconds until a request arrives, and until its answer does. */
  delayMs: number;
}

export class LeaseServer {
  lease: StoredLease | undefined;
  /** Every accepted write: holder and time. */
  readonly writes: { readonly holder: unknown; readonly at: number }[] = [];
  private version = 0;

  constructor(private readonly clock: Clock) {}

  connect(): { readonly client: KubeClient; readonly line: Line } {
    const line: Line = { cut: false, deaf: false, delayMs: 0 };
    const request: KubeClient['request'] = async (method, path, options = {}) => {
      const silence = async (): Promise<never> => {
        await this.clock.sleep(options.timeoutMs ?? 15_000);
        throw new ApiError(`${method} ${path}: no answer`, 0, '');
      };
      if (line.cut) return silence();
      if (line.delayMs > 0) await this.clock.sleep(line.delayMs);
      const answer = this.answer(method, path, options.body);
      if (line.deaf || line.cut) return silence();
      if (line.delayMs > 0) await this.clock.sleep(line.delayMs);
      return answer;
    };
    return { line, client: { request, stream: () => (async function* () {})() } };
  }

  get holder(): unknown {
    return this.lease?.spec['holderIdentity'];
  }

  private answer(method: string, path: string, body: unknown): StoredLease {
    const refuse = (code: number, reason: string): never => {
      throw new ApiError(`${method} ${path}: HTTP ${code} ${reason}`, code, reason);
    };
    if (method === 'GET') return this.lease ?? refuse(404, 'NotFound');
    const sent = body as StoredLease;
    if (method === 'POST' && this.lease !== undefined) return refuse(409, 'AlreadyExists');
    if (method === 'PUT' && sent.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) return refuse(409, 'Conflict');
    this.version += 1;
    this.lease = { ...sent, metadata: { ...sent.metadata, resourceVersion: String(this.version) } };
    this.writes.push({ holder: this.holder, at: this.clock.now() });
    return this.lease;
  }
}
