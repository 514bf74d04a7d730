// The CPU time and memory of a process, read from /proc (proc_pid_stat(5), proc_pid_status(5)).
import { readFileSync } from 'node:fs';

/** USER_HZ, which is 100 on every architecture that Linux still builds for. */
const ticksPerSecond = 100;

/** The CPU time of a process since its start, user and system together, in seconds. @throws when there is no such process */
export function cpuSeconds(pid: number): number {
  // The program's name is in parentheses and may contain any character, so fields are counted from its end.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** The resident memory of a process in MiB: now, and its peak. @throws when there is no such process */
export function residentMiB(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}
