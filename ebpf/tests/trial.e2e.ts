// What the agent finds out about redirection before it loads the datapath; on the running kernel. Needs root.
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseBtf } from '../../operator/agent/datapath/btf';
import { section } from '../../operator/agent/datapath/elf';
import { unknownFacts } from '../../operator/agent/datapath/facts';
import { findFacts } from '../../operator/agent/datapath/trial';
import { object } from './fixture';

const btf = parseBtf(section(readFileSync(object), '.BTF'));
const openFiles = (): number => readdirSync('/proc/self/fd').length;

/** The facts of a trial, and its warnings. */
function tried(file: string): { readonly facts: ReturnType<typeof findFacts>; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  return { facts: findFacts({ object: file, warn: (line) => warnings.push(line) }, btf), warnings };
}

/** The facts by the source of a kernel (net/ipv4/tcp_bpf.c, tcp_bpf_ioctl()). For a kernel that is not listed, any that may be. */
function expectedOf(kernel: string): unknown {
  if (kernel.startsWith('6.18.44')) return { fionread: 2, rcvbuf_refuses: 0 };
  if (/^(5\.10|6\.1)\./.test(kernel) && !kernel.includes('oe')) return { fionread: 1, rcvbuf_refuses: 0 };
  return { fionread: expect.any(Number) as unknown, rcvbuf_refuses: expect.any(Number) as unknown };
}

test('the trial finds out which queues FIONREAD counts and whether a full receiver refuses', () => {
  const { facts, warnings } = tried(object);
  expect(warnings).toEqual([]);
  expect(facts).toEqual(expectedOf(release()));
  expect([1, 2, 3]).toContain(facts.fionread);
  expect([0, 1]).toContain(facts.rcvbuf_refuses);
});

test('the trial leaves no file open, and the thread in its own network namespace', () => {
  tried(object); // the first trial opens what stays open
  const before = { files: openFiles(), namespace: readlinkSync('/proc/thread-self/ns/net') };
  for (let i = 0; i < 5; i++) tried(object);
  expect({ files: openFiles(), namespace: readlinkSync('/proc/thread-self/ns/net') }).toEqual(before);
});

test('where no trial of redirection can be made, the kernel facts are unknown, and a warning says what follows from that', () => {
  const empty = mkdtempSync(join(tmpdir(), 'trial-'));
  const { facts, warnings } = tried(join(empty, 'datapath.bpf.o'));
  rmSync(empty, { recursive: true });
  expect(facts).toEqual(unknownFacts);
  expect(warnings).toEqual([expect.stringMatching(/no such file.*stay on TCP/)]);
});
