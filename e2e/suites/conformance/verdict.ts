// Compares what was observed on TCP with what was observed on an accelerated connection. Pure.
import type { Case, Observation, Side, Speed } from './probe';

export const results = ['same', 'different', 'refused', 'unsupported'] as const;
export type Result = (typeof results)[number];

export interface Verdict {
  readonly result: Result;
  /** Of a refusal, the datapath's reason; of an unsupported feature, the kernel's answer. */
  readonly reason?: string;
}

/** Names of what the datapath says of a connection end, by their numbers. */
export interface Names {
  /** Why an end is not accelerated; undefined for one that is, and for one that has been closed or never was seen. */
  standing(number: number): string | undefined;
  gate(number: number): string;
}

/** The control run itself did not end as it should: the case or the machine is broken, and nothing can be said. */
export class BrokenControl extends Error {}

/** Everything both sides said, in a fixed order: what has to be the same. */
export function transcript({ client, server }: Observation): string {
  const lines = (name: string, side: Side): string[] => [
    ...side.said.map((line) => `${name}: ${line}`),
    ...(side.outcome === 'finished' ? [] : [`${name}: (${side.outcome})`]),
  ];
  return [...lines('client', client), ...lines('server', server)].join('\n');
}

function unsupportedBy({ client, server }: Observation): string | undefined {
  return [client, server].find((side) => side.outcome === 'unsupported')?.said[0];
}

function senders(subject: Case['subject'], { client, server }: Observation): Speed[] {
  return { 'to-server': [client.speed], 'to-client': [server.speed], 'both-ways': [client.speed, server.speed] }[subject];
}

/** Throws BrokenControl where the run on TCP hung or gave up. */
export function judge(subject: Case['subject'], control: Observation, accelerated: Observation, names: Names): Verdict {
  const lacking = unsupportedBy(control);
  if (lacking !== undefined) return { result: 'unsupported', reason: lacking };
  if (control.client.outcome !== 'finished' || control.server.outcome !== 'finished') throw new BrokenControl(transcript(control));
  if (transcript(control) !== transcript(accelerated)) return { result: 'different' };
  const slow = senders(subject, accelerated).find((speed) => speed.fastBytes === 0);
  if (slow === undefined) return { result: 'same' };
  return { result: 'refused', reason: names.standing(slow.standing) ?? lastGate(slow, names) };
}

/** What the last message was told, the first gate being the open one; no message was asked about where the datapath never saw the connection. */
function lastGate({ gate }: Speed, names: Names): string {
  return gate === 0 ? 'NotSeen' : names.gate(gate);
}
