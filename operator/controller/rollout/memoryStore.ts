// Keeps a rollout's memory in a ConfigMap of its own, with the pod templates that it may have to go back to.
import { z } from 'zod';
import { fieldManager } from '../../api';
import { apply, isNotFound, type KubeClient, type Manifest, remove } from '../../kube';
import { labelsOf, rolloutName } from '../render';
import type { RolloutMemory } from './memory';

const time = z.number();
const known = z.object({ problems: z.array(z.string()), share: z.number().optional(), well: z.boolean() });
const memory = z.object({
  wanted: z.string(),
  proven: z.string().optional(),
  startedAt: time,
  measure: z.string(),
  before: z.record(z.string(), known),
  canary: z.array(z.string()),
  /** None in what earlier releases have stored. */
  trials: z.record(z.string(), z.object({ since: time, wellSince: time.optional() })).default({}),
  bakingSince: time.optional(),
  failures: z.array(z.object({ node: z.string(), why: z.string() })),
});
const record = z.object({
  /** Uid of the resource that it is about: what was known of an earlier one counts for nothing. */
  resource: z.string(),
  memory,
  /** Pod templates by their revision. */
  templates: z.record(z.string(), z.record(z.string(), z.unknown())),
  /** Events that have been told of this rollout. */
  told: z.array(z.string()),
});
export interface RolloutRecord extends Omit<z.infer<typeof record>, 'memory'> {
  readonly memory: RolloutMemory;
}

const key = 'rollout.json';
const configMap = z.looseObject({ data: z.object({ [key]: z.string() }) });

export interface StoreParts {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly log: (level: 'warn', message: string) => void;
}

export class MemoryStore {
  /** As it is in the cluster; undefined before it was read. */
  private stored: string | undefined;
  private current: RolloutRecord | undefined;

  constructor(private readonly parts: StoreParts) {}

  /** What is remembered of the resource with this uid. @throws ApiError */
  async load(uid: string): Promise<RolloutRecord | undefined> {
    if (this.stored === undefined) {
      this.stored = await this.read();
      this.current = this.parsed(this.stored);
    }
    return this.current?.resource === uid ? this.current : undefined;
  }

  /** Writes it when it is another than before; it is in the cluster when this resolves. @throws ApiError */
  async save(next: RolloutRecord, owner: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string }): Promise<void> {
    const text = JSON.stringify(next);
    if (text === this.stored) return;
    await apply(this.parts.client, { ...this.manifest([{ ...owner, controller: true, blockOwnerDeletion: false }]), data: { [key]: text } }, { fieldManager, force: true });
    this.stored = text;
    this.current = next;
  }

  async forget(): Promise<void> {
    await remove(this.parts.client, this.manifest([]));
    this.stored = '';
    this.current = undefined;
  }

  private manifest(ownerReferences: readonly object[]): Manifest {
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: rolloutName, namespace: this.parts.namespace, labels: labelsOf('rollout'), ownerReferences } };
  }

  /** Empty while there is none. */
  private async read(): Promise<string> {
    const path = `/api/v1/namespaces/${this.parts.namespace}/configmaps/${rolloutName}`;
    try {
      const found = configMap.safeParse(await this.parts.client.request('GET', path));
      return found.success ? found.data.data[key] : '';
    } catch (error) {
      if (isNotFound(error)) return '';
      throw error;
    }
  }

  private parsed(text: string): RolloutRecord | undefined {
    if (text === '') return undefined;
    try {
      const { memory: read, ...rest } = record.parse(JSON.parse(text));
      const before = Object.fromEntries(Object.entries(read.before).map(([name, each]) => [name, { ...each, share: each.share }]));
      const trials = Object.fromEntries(Object.entries(read.trials).map(([name, { since, wellSince }]) => [name, { since, wellSince }]));
      return { ...rest, memory: { ...read, before, trials, proven: read.proven, bakingSince: read.bakingSince } };
    } catch (error) {
      this.parts.log('warn', `read ConfigMap ${this.parts.namespace}/${rolloutName}: ${error instanceof Error ? error.message : String(error)}; the agents that are there are taken as what can be gone back to`);
      return undefined;
    }
  }
}
