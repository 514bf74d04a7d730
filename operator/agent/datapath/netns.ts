// Doing one short thing inside another network namespace, a pod's or a new one, on this very thread.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { enterNamespace, enterNewNamespace } from './setns';

/** CLONE_NEWNET of include/uapi/linux/sched.h. */
const networkNamespace = 0x40000000;
const ownFile = '/proc/thread-self/ns/net';

/** The process can no longer do anything right: it must end. */
export class LostNamespace extends Error {}

/**
 * Runs `act` in the namespace behind `file`; undefined when that is gone or no longer the one with inode `netns` (the
 * process id in its path may be another's by now). `act` must not wait: other work of the thread would run there too.
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

/** Runs `act` in a namespace of its own, which lasts as long as the sockets that are opened there. `act` must not wait for other work. */
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
