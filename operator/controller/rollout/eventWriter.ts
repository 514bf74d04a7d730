// Creates events about the resource. The name of an event follows from its content, so that repeating it creates no second event.
import { createHash } from 'node:crypto';
import { errorLine } from '../../base';
import { ApiError, type KubeClient } from '../../kube';
import type { RolloutEvent } from './events';

/** Namespace of events about cluster-scoped objects (ValidateEvent of pkg/apis/core/validation/events.go, Kubernetes 1.36). */
export const eventNamespace = 'default';
const controller = 'acceleration.dev/controller';
const maxNote = 1024;

export interface EventWriterParts {
  readonly client: KubeClient;
  /** Name of this controller's pod. */
  readonly instance: string;
  readonly now: () => Date;
  readonly log: (level: 'warn', message: string) => void;
}

/** The object that an event is about. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export class EventWriter {
  constructor(private readonly parts: EventWriterParts) {}

  /** Creates an event. Never rejects: a failure is logged. @param rollout identifies the rollout among those of the resource */
  async tell(regarding: Regarding, rollout: string, { type, reason, note }: RolloutEvent): Promise<void> {
    const { client, instance, now, log } = this.parts;
    const id = createHash('sha256').update([regarding.uid, rollout, reason].join('/')).digest('hex').slice(0, 16);
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${regarding.name}.${id}`, namespace: eventNamespace },
      // The API server refuses a MicroTime without six digits after the second.
      eventTime: now().toISOString().replace('Z', '000Z'),
      reportingController: controller,
      reportingInstance: instance,
      action: 'Rollout',
      type,
      reason,
      regarding,
      note: note.slice(0, maxNote),
    };
    try {
      await client.request('POST', `/apis/events.k8s.io/v1/namespaces/${eventNamespace}/events`, { body: event });
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) log('warn', `create the event ${reason}: ${errorLine(error)}`);
    }
  }
}
