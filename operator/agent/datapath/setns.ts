// setns(2), for the thread that calls.
import koffi from 'koffi';
import { getSystemErrorName } from 'node:util';

const setns = koffi.load('libc.so.6').func('int setns(int fd, int kind)');

/**
 * @param kind one of CLONE_NEW* of include/uapi/linux/sched.h
 * @returns the error's name (EPERM); undefined when the thread is in the namespace
 */
export function enterNamespace(fd: number, kind: number): string | undefined {
  return setns(fd, kind) === 0 ? undefined : getSystemErrorName(-koffi.errno());
}
