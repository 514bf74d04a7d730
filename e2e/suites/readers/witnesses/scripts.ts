// Python and Node.
import { join } from 'node:path';
import { need, programs } from '../toolchains';
import type { Witness } from '../witness';
import { originPorts, startOrigin } from './origin';

function python(name: string, program: string, port: number, reads: string, short: boolean): Witness {
  return {
    name,
    protocol: 'frames',
    reads,
    busy: 'asked',
    port,
    short,
    prepare: () => need('python3'),
    async start(stand) {
      await stand.serve('server', [port], 'python3', join(programs, 'python', program), port);
      return {};
    },
  };
}

export const blockingPython = python('Python, blocking', 'blocking.py', 7030, 'sleeps in recv(2), signals and stops included', true);
export const asyncioPython = python('Python asyncio', 'asyncio_streams.py', 7031, 'level-triggered, one read for each readiness', false);

export const edgePython = python(
  'Python, epoll',
  'edge.py',
  7032,
  'edge-triggered, and nothing but epoll(7) with its answer to question 9: a short read means empty',
  true,
);

export const node: Witness = {
  name: 'Node',
  protocol: 'frames',
  reads: 'level-triggered; ends a loop of reads with a short one',
  busy: 'asked',
  port: originPorts.frames,
  short: true,
  prepare: () => Promise.resolve(),
  async start(stand) {
    await startOrigin(stand);
    return {};
  },
};
