// Tests when a kernel passes.
import type { Message } from '../../stand/machines/messages';
import type { Plan } from './plan';
import { complaints, emptyResult, taken, type KernelResult } from './result';

const plan: Plan = { steps: [{ name: 'traffic', program: 'traffic', args: [], seconds: 1 }] };
const traffic = {
  kind: 'traffic',
  way: 'by visits',
  family: 'IPv6',
  connections: 2,
  paired: 4,
  bytes: 10,
  fastBytes: 9,
  wrongBytes: 0,
  errors: [],
} satisfies Message;
const needsVisits = 'connections that were open before anything was attached are adopted under load: IPv4';

function told(...messages: Message[]): KernelResult {
  const empty = emptyResult({ kernel: '6.1', version: '6.1.9-1', accelerator: 'tcg' });
  return { ...messages.reduce(taken, empty), ending: 'done' };
}

function test1(name: string, passed: boolean): Message {
  return { kind: 'test', file: 'ways.e2e.js', name, passed, seconds: 1, message: '' };
}

function program(name: string, optional: boolean, loads: boolean): Message {
  return { kind: 'program', name, optional, loads, error: loads ? '' : 'EINVAL', log: '' };
}

test('a kernel passes when every end was paired and every byte was right', () => {
  expect(complaints(told(traffic), plan)).toEqual([]);
});

test.each([
  ['an end that was not paired', { ...traffic, paired: 3 }, ['IPv6: 3 of 4 ends were paired by visits']],
  ['a wrong byte', { ...traffic, wrongBytes: 1 }, ['IPv6: 1 of 10 bytes were wrong']],
  ['a fast path that nothing takes', { ...traffic, fastBytes: 0 }, ['IPv6: no byte took the fast path (joined by visits)']],
])('%s is a complaint', (_, message, lines) => {
  expect(complaints(told(message), plan)).toEqual(lines);
});

test('a machine that stops, a step out of time and a step without results are complaints', () => {
  expect(complaints({ ...told(traffic), ending: 'hung' }, plan)).toEqual(['the machine hung']);
  expect(complaints(told(traffic, { kind: 'stepped', name: 'tests', code: 124 }), plan)).toEqual(['tests: out of time']);
  expect(complaints(told(), plan)).toEqual(['traffic: told nothing']);
});

test('a program that the verifier refuses is a complaint only if the datapath needs it', () => {
  const result = told(traffic, program('on_message', false, false), program('scan_connections', true, false));
  expect(complaints(result, plan)).toEqual(['on_message is refused: EINVAL']);
});

test('a failed test does not apply on a kernel that lacks what the test needs, and has failed on any other kernel', () => {
  expect(complaints(told({ ...traffic, way: 'after a warm-up' }, test1(needsVisits, false)), plan)).toEqual([]);
  expect(complaints(told(traffic, test1(needsVisits, false)), plan)).toEqual([`ways.e2e.js: ${needsVisits}`]);
});
