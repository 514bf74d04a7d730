// Compares what was observed on TCP with what was observed on an accelerated connection. Pure.
import type { Case, Observation, Side, Speed } from './probe';

export const results = ['same', 'different', 'refused', 'unsupported'] as const;
export type Result = (typeof results)[number];

export interface Verdict {
  readonly result: Result;
  /** For a refusal, the datapath's reason or gate; for an unsupported feature, the kernel's answer. */
  readonly reason?: string;
}

/** The names of the datapath's reasons and gates, by their numbers. */
export interface Names {
  /** Why a connection end is not accelerated; undefined for an end that is accelerated, has been closed or was never seen. */
  standing(number: number): string | undefined;
  gate(number: number): string;
}

/** The run on plain TCP did not end as it should: the case or the machine is broken, and there is no result. */
export class BrokenControl extends Error {}

/** Everything that both sides said, in a fixed order. It must be the same on TCP and accelerated. */
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

/** @throws BrokenControl where the run on TCP hung or gave up */
export function judge(subject: Case['subject'], control: Observation, accelerated: Observation, names: Names): Verdict {
  const lacking = unsupportedBy(control);
  if (lacking !== undefined) return { result: 'unsupported', reason: lacking };
  if (control.client.outcome !== 'finished' || control.server.outcome !== 'finished') throw new BrokenControl(transcript(control));
  if (transcript(control) !== transcript(accelerated)) return { result: 'different' };
  const slow = senders(subject, accelerated).find((speed) => speed.fastBytes === 0);
  if (slow === undefined) return { result: 'same' };
  return { result: 'refused', reason: names.standing(slow.standing) ?? lastGate(slow, names) };
}

/** The gate that the last message met. Gate 0 is the open one; where it stands without a redirect, the datapath has never seen the connection. */
function lastGate({ gate }: Speed, names: Names): string {
  return gate === 0 ? 'NotSeen' : names.gate(gate);
}
