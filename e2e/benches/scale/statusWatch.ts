// Watches the resource as a user would, and records when each status came and what it says of the probes.
import { z } from 'zod';
import type { KubeClient } from '../../../operator/kube';
import type { ProbeChange } from './fleet';
import { monotonicMs } from './clock';

const path = '/apis/acceleration.dev/v1alpha1/sidecaraccelerations';
const list = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
const event = z.object({
  type: z.string(),
  object: z.object({
    status: z.object({ namespaces: z.array(z.object({ name: z.string(), bytes: z.object({ tcp: z.number() }) })).default([]) }).prefault({}),
  }),
});

interface Seen {
  /** When the status came, in monotonic milliseconds. */
  readonly at: number;
  /** Namespace → its bytes over TCP. A probe reports the time of its last change in this field. */
  readonly tcp: ReadonlyMap<string, number>;
}

export class StatusWatch {
  private readonly seen: Seen[] = [];
  private readonly ended = new AbortController();

  private constructor(private readonly admin: KubeClient) {}

  static async start(admin: KubeClient): Promise<StatusWatch> {
    const watch = new StatusWatch(admin);
    const { metadata } = list.parse(await admin.request('GET', path));
    void watch.follow(metadata.resourceVersion);
    return watch;
  }

  stop(): void {
    this.ended.abort();
  }

  /** How many versions of the resource came between two times. */
  writes(from: number, until: number): number {
    return this.seen.filter(({ at }) => at >= from && at < until).length;
  }

  /** For each change, the milliseconds until a status shows it or a later change of the same probe; Infinity when none does. */
  freshness(changes: readonly ProbeChange[]): number[] {
    return changes.map(({ namespace, at }) => (this.seen.find(({ tcp }) => (tcp.get(namespace) ?? 0) >= at)?.at ?? Number.POSITIVE_INFINITY) - at);
  }

  private async follow(from: string): Promise<void> {
    for await (const line of this.admin.stream(path, { query: { watch: 'true', resourceVersion: from }, signal: this.ended.signal })) {
      const at = monotonicMs();
      const {
        object: { status },
      } = event.parse(line);
      this.seen.push({ at, tcp: new Map(status.namespaces.map(({ name, bytes }) => [name, bytes.tcp])) });
    }
  }
}
