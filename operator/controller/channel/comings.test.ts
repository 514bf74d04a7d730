import { Comings } from './comings';

test('an agent may come often at first, then every two seconds, and nodes do not wait for each other', () => {
  let nowMs = 0;
  const comings = new Comings(
    () => nowMs,
    () => undefined,
  );
  const comes = (node: string): boolean => comings.refusal(node) === undefined;
  expect(Array.from({ length: 100 }, () => comes('node1')).filter(Boolean)).toHaveLength(20);
  expect(comings.refusal('node1')).toBe('the agent of node node1 comes too often; try again in ten seconds');
  expect(Array.from({ length: 5000 }, (_, each) => comes(`other${each}`)).every(Boolean)).toBe(true);
  nowMs += 4000;
  expect([comes('node1'), comes('node1'), comes('node1')]).toEqual([true, true, false]);
});

test('comings and goings of a node are said once and then counted', () => {
  const said: string[] = [];
  const comings = new Comings(
    () => 0,
    (line) => said.push(line),
  );
  for (let each = 0; each < 50; each += 1) {
    comings.tell('node1', 'connected', 'pod a');
    comings.tell('node1', 'disconnected', 'it left');
  }
  comings.tell('node2', 'connected', 'pod b');
  expect(said).toEqual(['agent of node node1 connected: pod a', 'agent of node node1 disconnected: it left', 'agent of node node2 connected: pod b']);
});
