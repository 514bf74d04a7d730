// setns(2) and unshare(2), for the thread that calls.
import koffi from 'koffi';
import { getSystemErrorName } from 'node:util';

const libc = koffi.load('libc.so.6');
const setns = libc.func('int setns(int fd, int kind)');
const unshare = libc.func('int unshare(int kinds)');

/**
 * @param kind one of CLONE_NEW* of include/uapi/linux/sched.h
 * @returns the error's name (EPERM); undefined when the thread is in the namespace
 */
export function enterNamespace(fd: number, kind: number): string | undefined {
  return setns(fd, kind) === 0 ? undefined : getSystemErrorName(-koffi.errno());
}

/** As enterNamespace(), into a new namespace, which ends with the last thread or socket in it. */
export function enterNewNamespace(kind: number): string | undefined {
  return unshare(kind) === 0 ? undefined : getSystemErrorName(-koffi.errno());
}
