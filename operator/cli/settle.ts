// Waits until a change of the resource is applied, and shows the progress.
import type { SidecarAcceleration } from '../api';
import type { Cluster } from './cluster';
import { exitCode, Failure } from './exit';
import type { Step } from './progress';
import type { Surroundings } from './surroundings';

type World = Pick<Surroundings, 'progress' | 'now' | 'nextPoll'>;

/**
 * Waits until every agent that can apply the newest spec has done so. The conditions of the result tell whether that is every node.
 * @throws Failure with exit code 3 when it takes longer than `timeoutMs`
 */
export function awaitSettled(cluster: Cluster, world: World, timeoutMs: number): Promise<SidecarAcceleration> {
  return awaited(world, timeoutMs, async () => {
    const resource = await cluster.resource();
    return isSettled(resource) ? { done: resource } : { step: stepOf(resource, 'waiting for the controller') };
  });
}

/**
 * Waits until the resource is gone: the controller removes its finalizer when every node has removed the datapath.
 * @param uid the uid of the deleted resource; a resource with another uid was created after it
 * @throws Failure with exit code 3 when it takes longer than `timeoutMs`
 */
export function awaitGone(cluster: Cluster, world: World, timeoutMs: number, uid: string): Promise<true> {
  return awaited(world, timeoutMs, async () => {
    const resource = await cluster.resourceIfAny();
    if (resource === undefined || resource.metadata.uid !== uid) return { done: true as const };
    return { step: stepOf(resource, 'waiting for the controller to drain the nodes') };
  });
}

/** Whether the condition Progressing is False for the resource's current generation. */
export function isSettled({ metadata, status }: SidecarAcceleration): boolean {
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
  return progressing !== undefined && progressing.observedGeneration >= metadata.generation && progressing.status === 'False';
}

/** Whether a controller has reconciled the resource before and has not finished its current generation. */
export function isUnderWay(resource: SidecarAcceleration): boolean {
  return (resource.status?.conditions ?? []).length > 0 && !isSettled(resource);
}

async function awaited<T>({ progress, now, nextPoll }: World, timeoutMs: number, read: () => Promise<{ done: T } | { step: Step }>): Promise<T> {
  const deadline = now().getTime() + timeoutMs;
  try {
    for (;;) {
      const found = await read();
      if ('done' in found) return found.done;
      progress.show(found.step);
      if (now().getTime() >= deadline || !(await nextPoll())) {
        throw new Failure(
          `waited ${Math.round(timeoutMs / 1000)} s: ${found.step.text}; the change goes on in the cluster: see accelctl status, and accelctl doctor if nothing changes`,
          exitCode.notReady,
        );
      }
    }
  } finally {
    progress.finish();
  }
}

/** @param unseen the step's text while no controller has reconciled the current generation */
function stepOf({ metadata, status }: SidecarAcceleration, unseen: string): Step {
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
  const { ready = 0, desired = 0 } = status?.nodes ?? {};
  const isUnseen = progressing === undefined || progressing.observedGeneration < metadata.generation;
  return isUnseen ? { text: unseen, done: 0, total: 0 } : { text: progressing.message, done: ready, total: desired };
}
