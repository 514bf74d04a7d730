import type { Mode, NamespaceState } from '../../api';
import { stateOf } from './namespaceState';

interface Case {
  readonly when: string;
  readonly mode: Mode;
  readonly pods?: [accelerated: number, selected: number];
  readonly ends?: [accelerated: number, open: number];
  readonly draining?: number;
  readonly expected: NamespaceState;
}

const cases: Case[] = [
  { when: 'no agent has reported a pod', mode: 'Accelerate', expected: 'Waiting' },
  { when: 'a pod is not accelerated yet and nothing is open', mode: 'Accelerate', pods: [1, 2], expected: 'Waiting' },
  { when: 'every pod is accelerated and nothing is open', mode: 'Accelerate', pods: [2, 2], expected: 'Accelerated' },
  { when: 'every pod and every end is accelerated', mode: 'Accelerate', pods: [2, 2], ends: [10, 10], expected: 'Accelerated' },
  { when: 'every end is accelerated and a pod is not', mode: 'Accelerate', pods: [1, 2], ends: [10, 10], expected: 'Partial' },
  { when: 'some ends are accelerated', mode: 'Accelerate', pods: [2, 2], ends: [9, 10], expected: 'Partial' },
  { when: 'no open end is accelerated', mode: 'Accelerate', pods: [2, 2], ends: [0, 10], expected: 'NotAccelerated' },
  { when: 'nothing is accelerated', mode: 'Observe', pods: [0, 2], ends: [0, 10], expected: 'NotAccelerated' },
  { when: 'there is neither pod nor connection', mode: 'Observe', expected: 'NotAccelerated' },
  { when: 'a node still accelerates', mode: 'Observe', pods: [1, 2], ends: [5, 10], expected: 'Partial' },
  { when: 'redirected bytes are unread', mode: 'Off', pods: [0, 2], ends: [0, 10], draining: 1, expected: 'Draining' },
  { when: 'a node still accelerates', mode: 'Off', pods: [1, 2], ends: [5, 10], expected: 'Draining' },
  { when: 'everything has drained', mode: 'Off', pods: [0, 2], ends: [0, 10], expected: 'NotAccelerated' },
];

it.each(cases)('in mode $mode a namespace is $expected when $when', ({ mode, pods = [0, 0], ends = [0, 0], draining = 0, expected }) => {
  const totals = { pods: { accelerated: pods[0], selected: pods[1] }, connections: { accelerated: ends[0], open: ends[1] }, draining };
  expect(stateOf(totals, mode)).toBe(expected);
});
