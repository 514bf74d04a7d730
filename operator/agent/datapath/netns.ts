// Runs one short function inside another network namespace, of a pod or a new one, on the calling thread.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { enterNamespace, enterNewNamespace } from './setns';

/** CLONE_NEWNET of include/uapi/linux/sched.h. */
const networkNamespace = 0x40000000;
const ownFile = '/proc/thread-self/ns/net';

/** The thread could not return to its own network namespace. The process must end, because all it does now would happen in the wrong one. */
export class LostNamespace extends Error {}

/**
 * Runs `act` in the namespace of `file`. Undefined where that is gone, or is no longer the namespace with inode `netns`, because the process id in
 * the path may belong to another process by now. `act` must not wait: other work of the thread would run in that namespace too.
 */
export function inNamespace<T>(file: string, netns: number, act: () => T): T | undefined {
  const theirs = openNamespace(file);
  if (theirs === undefined) return undefined;
  const own = openSync(ownFile, 'r');
  try {
    if (fstatSync(theirs).ino !== netns) return undefined;
    enter(theirs, file);
    try {
      return act();
    } finally {
      leaveTo(own);
    }
  } finally {
    closeSync(own);
    closeSync(theirs);
  }
}

/** Runs `act` in a new namespace, which lasts as long as the sockets that are opened there. `act` must not wait. */
export function inNewNamespace<T>(act: () => T): T {
  const own = openSync(ownFile, 'r');
  try {
    const failed = enterNewNamespace(networkNamespace);
    if (failed !== undefined) throw new Error(`make a network namespace: ${failed}`);
    try {
      return act();
    } finally {
      leaveTo(own);
    }
  } finally {
    closeSync(own);
  }
}

function openNamespace(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch {
    return undefined; // the pod has ended
  }
}

function enter(fd: number, file: string): void {
  const failed = enterNamespace(fd, networkNamespace);
  if (failed !== undefined) throw new Error(`enter network namespace ${file}: ${failed}`);
}

function leaveTo(own: number): void {
  const failed = enterNamespace(own, networkNamespace);
  if (failed !== undefined) throw new LostNamespace(`return from another network namespace: ${failed}`);
}
