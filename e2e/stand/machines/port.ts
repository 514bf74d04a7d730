// The guest's way to the host: a port that is opened once and handed to every step as descriptor 3.
import { openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from './messages';

export const portName = 'report';
export const portDescriptor = 3;
const ports = '/sys/class/virtio-ports';

/** Opens the port by its name. Throws where the machine has none. */
export function openPort(): number {
  const device = readdirSync(ports).find((each) => readFileSync(join(ports, each, 'name'), 'utf8').trim() === portName);
  if (device === undefined) throw new Error(`looking for the port ${portName}: the machine has none`);
  return openSync(join('/dev', device), 'w');
}

/** Tells the host; whole lines, so that steps do not cut into each other. */
export function tell(message: Message, descriptor = portDescriptor): void {
  let left = Buffer.from(`${JSON.stringify(message)}\n`);
  while (left.length > 0) left = left.subarray(writeSync(descriptor, left));
}
