// The virtio port by which the guest sends messages to the host. It is opened once and passed to every step as descriptor 3.
import { openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from './messages';

export const portName = 'report';
export const portDescriptor = 3;
const ports = '/sys/class/virtio-ports';

/** Opens the port by its name. @throws when the machine has none of that name */
export function openPort(): number {
  const device = readdirSync(ports).find((each) => readFileSync(join(ports, each, 'name'), 'utf8').trim() === portName);
  if (device === undefined) throw new Error(`looking for the port ${portName}: the machine has none`);
  return openSync(join('/dev', device), 'w');
}

/** Sends a message to the host as a whole line, so that messages of several steps do not mix. */
export function tell(message: Message, descriptor = portDescriptor): void {
  let left = Buffer.from(`${JSON.stringify(message)}\n`);
  while (left.length > 0) left = left.subarray(writeSync(descriptor, left));
}
