// What a process of this machine uses, read from /proc (proc_pid_stat(5), proc_pid_status(5)).
import { readFileSync } from 'node:fs';

/** USER_HZ, which is 100 on every architecture that Linux still builds for. */
const ticksPerSecond = 100;

/** Seconds of CPU, user and system together, since it began. @throws when there is no such process */
export function cpuSeconds(pid: number): number {
  // The program's name stands in brackets and may hold anything: fields are counted from behind it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident MiB now, and the most there ever were. @throws when there is no such process */
export function residentMiB(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}
