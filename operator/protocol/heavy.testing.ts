// For tests and attacks: messages that cost the controller as much as they can.
import { connectionReasonNames } from '../api';
import { maxCounts, maxNamespaces, type NamespaceReport } from './messages';

/** As many namespaces, reasons and gates as a report may have. */
export function namespaces(): NamespaceReport[] {
  const [reason] = connectionReasonNames;
  return Array.from({ length: maxNamespaces }, (_, each) => ({
    name: `n${each}`,
    podsSelected: 1,
    podsAccelerated: 1,
    open: 0,
    accelerated: 0,
    reasons: Array.from({ length: maxCounts }, () => ({ reason, connections: 0 })),
    fastBytes: 0,
    tcpBytes: 0,
    passes: Array.from({ length: maxCounts }, () => ({ gate: 'g', messages: 0 })),
    draining: 0,
    adopted: 0,
    left: 0,
    woken: 0,
    unseen: 0,
  }));
}

/** A field with a length in the wire format of protobuf. */
export function field(number: number, value: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = value.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), value]);
}

/** The given bytes again and again, half a million times for an empty element: a message of nearly 1 MiB. */
export const elements = (one: Buffer): Buffer => Buffer.alloc(Math.floor(1_048_000 / one.length) * one.length, one);
