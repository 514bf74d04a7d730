// Stores the state of a rollout in a ConfigMap, with the pod templates to which a rollback may return.
import { z } from 'zod';
import { fieldManager } from '../../api';
import { errorLine } from '../../base';
import { apply, isNotFound, type KubeClient, type Manifest, remove } from '../../kube';
import { labelsOf, rolloutName } from '../render';
import type { RolloutMemory } from './memory';

const time = z.number();
const known = z.object({
  problems: z.array(z.string()),
  /** Missing in a state that an earlier release has stored; its share of the whole node is not compared. */
  shares: z.record(z.string(), z.number()).default({}),
  well: z.boolean(),
});
const memory = z.object({
  wanted: z.string(),
  proven: z.string().optional(),
  startedAt: time,
  measure: z.string(),
  before: z.record(z.string(), known),
  canary: z.array(z.string()),
  /** Missing in a state that an earlier release has stored. */
  trials: z.record(z.string(), z.object({ since: time, wellSince: time.optional() })).default({}),
  bakingSince: time.optional(),
  failures: z.array(z.object({ node: z.string(), why: z.string() })),
});
const record = z.object({
  /** UID of the resource. The state of an earlier resource is not used. */
  resource: z.string(),
  memory,
  /** Pod templates by their revision. */
  templates: z.record(z.string(), z.record(z.string(), z.unknown())),
  /** Reasons of the events that were created for this rollout. */
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
  /** The stored text; undefined before it was read, empty when there is none. */
  private stored: string | undefined;
  private current: RolloutRecord | undefined;

  constructor(private readonly parts: StoreParts) {}

  /** The stored state of the resource with this UID; undefined when there is none. @throws ApiError */
  async load(uid: string): Promise<RolloutRecord | undefined> {
    if (this.stored === undefined) {
      this.stored = await this.read();
      this.current = this.parsed(this.stored);
    }
    return this.current?.resource === uid ? this.current : undefined;
  }

  /** Stores the state if it has changed. Resolves after it was stored. @throws ApiError */
  async save(
    next: RolloutRecord,
    owner: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string },
  ): Promise<void> {
    const text = JSON.stringify(next);
    if (text === this.stored) return;
    await apply(
      this.parts.client,
      { ...this.manifest([{ ...owner, controller: true, blockOwnerDeletion: false }]), data: { [key]: text } },
      { fieldManager, force: true },
    );
    this.stored = text;
    this.current = next;
  }

  /** Deletes the stored state. @throws ApiError */
  async forget(): Promise<void> {
    await remove(this.parts.client, this.manifest([]));
    this.stored = '';
    this.current = undefined;
  }

  private manifest(ownerReferences: readonly object[]): Manifest {
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: rolloutName, namespace: this.parts.namespace, labels: labelsOf('rollout'), ownerReferences },
    };
  }

  /** The stored text; empty when there is none. */
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
      const trials = Object.fromEntries(Object.entries(read.trials).map(([name, { since, wellSince }]) => [name, { since, wellSince }]));
      return { ...rest, memory: { ...read, trials, proven: read.proven, bakingSince: read.bakingSince } };
    } catch (error) {
      const what = `read ConfigMap ${this.parts.namespace}/${rolloutName}: ${errorLine(error)}`;
      this.parts.log('warn', `${what}; the revision of the present agents counts as the one to return to`);
      return undefined;
    }
  }
}
