// Waits for what was asked to be so, showing how far it is.
import type { SidecarAcceleration } from '../api';
import type { Cluster } from './cluster';
import { exitCode, Failure } from './exit';
import type { Step } from './progress';
import type { Surroundings } from './surroundings';

type World = Pick<Surroundings, 'progress' | 'now' | 'nextLook'>;

/**
 * Waits until every agent that can follow the newest spec does; others are for the caller to judge by the conditions.
 * @throws Failure with code 3 when that takes longer than `timeoutMs`
 */
export function awaitSettled(cluster: Cluster, world: World, timeoutMs: number): Promise<SidecarAcceleration> {
  return awaited(world, timeoutMs, async () => {
    const resource = await cluster.resource();
    return isSettled(resource) ? { done: resource } : { step: stepOf(resource, 'waiting for the controller') };
  });
}

/**
 * Waits until the resource has gone, which its finalizer lets happen when every node has given back what it held.
 * @param uid of the resource that is to go; one with another uid is a new one, made since
 * @throws Failure with code 3 when that takes longer than `timeoutMs`
 */
export function awaitGone(cluster: Cluster, world: World, timeoutMs: number, uid: string): Promise<true> {
  return awaited(world, timeoutMs, async () => {
    const resource = await cluster.resourceIfAny();
    if (resource === undefined || resource.metadata.uid !== uid) return { done: true as const };
    return { step: stepOf(resource, 'waiting for the controller to have the nodes drained') };
  });
}

/** Progressing says so about the generation that is stored now. */
export function isSettled({ metadata, status }: SidecarAcceleration): boolean {
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
  return progressing !== undefined && progressing.observedGeneration >= metadata.generation && progressing.status === 'False';
}

/** A controller has looked at the resource once, and is not done with its newest generation. */
export function isUnderWay(resource: SidecarAcceleration): boolean {
  return (resource.status?.conditions ?? []).length > 0 && !isSettled(resource);
}

async function awaited<T>({ progress, now, nextLook }: World, timeoutMs: number, look: () => Promise<{ done: T } | { step: Step }>): Promise<T> {
  const deadline = now().getTime() + timeoutMs;
  try {
    for (;;) {
      const found = await look();
      if ('done' in found) return found.done;
      progress.show(found.step);
      if (now().getTime() >= deadline || !(await nextLook())) {
        throw new Failure(`waited ${Math.round(timeoutMs / 1000)} s: ${found.step.text}; it goes on by itself: see accelctl status, and accelctl doctor if it does not move`, exitCode.notReady);
      }
    }
  } finally {
    progress.finish();
  }
}

/** @param silence what is waited for while no controller has looked at the newest generation */
function stepOf({ metadata, status }: SidecarAcceleration, silence: string): Step {
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
  const { ready = 0, desired = 0 } = status?.nodes ?? {};
  const isSilent = progressing === undefined || progressing.observedGeneration < metadata.generation;
  return isSilent ? { text: silence, done: 0, total: 0 } : { text: progressing.message, done: ready, total: desired };
}
