// Tells events of the resource to the API server. Their names follow from what they say: whoever says it again says nothing new.
import { createHash } from 'node:crypto';
import { errorLine } from '../../base';
import { ApiError, type KubeClient } from '../../kube';
import type { RolloutEvent } from './events';

/** Events about objects of the cluster belong into this namespace (ValidateEvent of pkg/apis/core/validation/events.go, Kubernetes 1.36). */
export const eventNamespace = 'default';
const controller = 'acceleration.dev/controller';
const maxNote = 1024;

export interface EventWriterParts {
  readonly client: KubeClient;
  /** Which of the controllers says it. */
  readonly instance: string;
  readonly now: () => Date;
  readonly log: (level: 'warn', message: string) => void;
}

export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export class EventWriter {
  constructor(private readonly parts: EventWriterParts) {}

  /** @param rollout tells one rollout from another of the same resource. Never rejects: an event that is lost stops nothing. */
  async tell(regarding: Regarding, rollout: string, { type, reason, note }: RolloutEvent): Promise<void> {
    const { client, instance, now, log } = this.parts;
    const id = createHash('sha256').update([regarding.uid, rollout, reason].join('/')).digest('hex').slice(0, 16);
    const event = {
      apiVersion: 'events.k8s.io/v1', kind: 'Event',
      metadata: { name: `${regarding.name}.${id}`, namespace: eventNamespace },
      // A MicroTime has six digits after the second, or it is refused.
      eventTime: now().toISOString().replace('Z', '000Z'),
      reportingController: controller, reportingInstance: instance, action: 'Rollout', type, reason, regarding, note: note.slice(0, maxNote),
    };
    try {
      await client.request('POST', `/apis/events.k8s.io/v1/namespaces/${eventNamespace}/events`, { body: event });
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) log('warn', `telling the event ${reason}: ${errorLine(error)}`);
    }
  }
}
