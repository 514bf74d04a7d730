// A node on which another product holds a place that the datapath needs. Needs root.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatapathRefused, openDatapath, type Datapath } from '../../operator/agent/datapath';
import { Fixture, object } from './fixture';

let f: Fixture;
let slice: string;
let kubepods: string;

beforeEach(() => {
  f = new Fixture();
  slice = join(f.node.cgroup, 'slice');
  kubepods = join(slice, 'kubepods');
  mkdirSync(kubepods, { recursive: true });
});
afterEach(async () => {
  for (const each of [kubepods, slice]) rmdirSync(each);
  await f.remove();
});

/** Attaches a program in the place of another product's. Any program of the kind will do, so it is one of the fixture's, by its number. */
function attachAnother(cgroup: string, type: 'sock_ops' | 'ingress', flags: readonly string[]): number {
  const name = type === 'sock_ops' ? 'on_sock_ops' : 'on_segment';
  const shown = JSON.parse(execFileSync('bpftool', ['--json', 'prog', 'show'], { encoding: 'utf8' })) as { id: number; name?: string }[];
  const id = shown.filter((program) => program.name === name).at(-1)?.id ?? 0;
  execFileSync('bpftool', ['cgroup', 'attach', cgroup, type, 'id', String(id), ...flags]);
  return id;
}

function refused(open: () => Datapath): DatapathRefused {
  try {
    open().close();
  } catch (error) {
    if (error instanceof DatapathRefused) return error;
    throw error;
  }
  throw new Error('the datapath was opened');
}

const openIn = (podCgroup: string) => (): Datapath => openDatapath({ object, pins: f.pins, podCgroup });

test.each([
  ['above the pods, beside which none may run', 'sock_ops', [], () => slice],
  ['above the pods, which ours would displace', 'sock_ops', ['override'], () => slice],
  ['at the pods themselves', 'sock_ops', [], () => kubepods],
  ['of packets', 'ingress', [], () => slice],
] as const)('a program %s is named, with its cgroup and what to do', (_, type, flags, place) => {
  const id = attachAnother(place(), type, flags);
  const { reason, message } = refused(openIn(kubepods));
  expect(reason).toBe('CgroupTaken');
  expect(message).toMatch(
    new RegExp(`^${place()} has the \\S+ program ${type === 'sock_ops' ? 'on_sock_ops' : 'on_segment'} \\(id ${id}\\) of another product`),
  );
  expect(message).toContain('BPF_F_ALLOW_MULTI');
});

test('a program of another product that lets others run beside it is no obstacle', () => {
  attachAnother(slice, 'sock_ops', ['multi']);
  f.datapath.close();
  f.datapath = openIn(kubepods)();
  f.datapath.close();
  f.datapath = f.open();
});
