// Java: Netty on native epoll, the Selector of java.nio, and blocking streams.
import { join } from 'node:path';
import { built, maven, need } from '../toolchains';
import type { Witness } from '../witness';

const build = (): Promise<string> => built('java', 'mvn', maven);

function java(name: string, main: string, port: number, reads: string): Witness {
  return {
    name,
    protocol: 'frames',
    reads,
    busy: 'asked',
    port,
    async prepare() {
      await need('java', 'javac');
      await build();
    },
    async start(stand) {
      const directory = await build();
      await stand.serve('server', [port], 'java', '-Xmx512m', '-cp', `${join(directory, 'classes')}:${join(directory, 'jars', '*')}`, main, port);
      return {};
    },
  };
}

export const netty = java('Netty', 'NettyWitness', 7002, 'native epoll, edge-triggered; a short read ends the loop');
export const javaNio = java('Java NIO', 'NioWitness', 7003, 'level-triggered, one read for each readiness');
export const javaBlocking = java('Java, blocking', 'BlockingWitness', 7004, 'blocking streams; asks available(), which is FIONREAD');
