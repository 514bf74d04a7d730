// Runs a Python program in a pod that stops at named stages, so that a probe can change the datapath's settings before it goes on.
import { rmSync, writeFileSync } from 'node:fs';
import { python } from '../../../../ebpf/tests/traffic';
import type { Fixture } from '../../../../ebpf/tests/fixture';
import type { TestPod } from '../../../../ebpf/tests/pods';

/** `stage(name)` prints a name and waits; `told(value)` prints a result. `connected()` makes a non-blocking socket, which can join when it opens. */
const prelude = (folder: string): string => `
import fcntl,json,os,select,socket,struct,sys,time
def stage(name):
  print('stage '+name)
  while not os.path.exists('${folder}.'+name): time.sleep(.01)
def told(value): print('told '+json.dumps(value))
def readable(s): return bool(select.select([s],[],[],5)[0])
def connected(host,port):
  c=socket.socket();c.setblocking(False);c.connect_ex((host,port));select.select([],[c],[]);return c
def joined(c,s):
  for each in (c,s): each.setblocking(False);each.setsockopt(6,1,1)
`;

let programs = 0;

/**
 * Runs the program to its end.
 * @param atStage called at each stage; the program goes on when it has returned
 * @param heard called with each result that the program prints
 */
export async function runStaged(
  fixture: Fixture,
  pod: TestPod,
  source: string,
  atStage: (name: string) => Promise<void> | void,
  heard: (value: unknown) => void,
): Promise<void> {
  const folder = `/tmp/stage-${programs++}`;
  const { lines, stop } = python(fixture.node, pod, prelude(folder) + source);
  const passed: string[] = [];
  for await (const line of lines) {
    const [, word, rest = ''] = /^(stage|told) (.*)$/.exec(line) ?? [];
    if (word === 'told') heard(JSON.parse(rest));
    if (word !== 'stage') continue;
    await atStage(rest);
    writeFileSync(`${folder}.${rest}`, '');
    passed.push(rest);
  }
  await stop();
  for (const name of passed) rmSync(`${folder}.${name}`);
}
