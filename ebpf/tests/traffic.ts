// Runs the programs of ebpf/tests/programs in test pods: checksummed conversations by peer.js, and Python programs of the socket API.
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { firstLine, stop, type TestNode, type TestPod } from './pods';

const programs = join(__dirname, 'programs');
const peer = join(programs, 'peer.js');

export interface Conversation {
  readonly bytes: number;
  readonly wrongBytes: number;
  readonly connections: number;
  readonly errors: readonly string[];
}

export interface Talk {
  readonly connections: number;
  readonly messages: number;
  /** The longest message. Lengths are random up to it. */
  readonly maxBytes: number;
  /** The pause after each answer. */
  readonly pauseMs: number;
}

export const shortTalk: Talk = { connections: 8, messages: 100, maxBytes: 20_000, pauseMs: 0 };

/** Starts an echo server on [::]. Resolves when it listens, to a function that ends it. */
export async function serve(node: TestNode, pod: TestPod, port: number): Promise<() => Promise<void>> {
  const child = node.start(pod, process.execPath, peer, 'serve', String(port));
  await firstLine(child);
  return () => stop(child);
}

/** Talks to a server, and checks every byte that comes back. */
export function talk(node: TestNode, pod: TestPod, host: string, port: number, how: Talk = shortTalk): Promise<Conversation> {
  const { connections, messages, maxBytes, pauseMs } = how;
  const words = [host, port, connections, messages, maxBytes, pauseMs].map(String);
  const child = node.start(pod, process.execPath, peer, 'talk', ...words);
  return firstLine(child).then((line) => JSON.parse(line) as Conversation);
}

export interface Program {
  readonly lines: AsyncIterableIterator<string>;
  /** Writes to the program's standard input. */
  say(text: string): void;
  stop(): Promise<void>;
}

/** Runs the source of a Python program in a pod. Tests of this folder have their programs in files: see script(). */
export function python(node: TestNode, pod: TestPod, source: string): Program {
  return run(node, pod, '-c', source);
}

/** Runs a Python program of ebpf/tests/programs in a pod. */
export function script(node: TestNode, pod: TestPod, file: string, ...words: readonly string[]): Program {
  return run(node, pod, join(programs, file), ...words);
}

function run(node: TestNode, pod: TestPod, ...words: readonly string[]): Program {
  const child = node.start(pod, 'python3', '-uB', ...words);
  const { stdin, stdout } = child;
  if (stdout === null || stdin === null) throw new Error('run python: the process has no standard output or input');
  return { lines: createInterface({ input: stdout })[Symbol.asyncIterator](), say: (text) => void stdin.write(text), stop: () => stop(child) };
}
