// Redis and memcached.
import { need } from '../toolchains';
import type { Witness } from '../witness';

const ports = { redis: 7050, memcached: 7051 } as const;

export const redis: Witness = {
  name: 'Redis',
  protocol: 'redis',
  reads: 'level-triggered, one read of 16 KiB, or of what a large value lacks, for each readiness; pipelined',
  busy: 'frozen',
  port: ports.redis,
  prepare: () => need('redis-server'),
  async start(stand) {
    const words = ['--port', ports.redis, '--bind', '0.0.0.0', '::', '--save', '', '--protected-mode', 'no', '--dir', stand.directory];
    await stand.serve('server', [ports.redis], 'redis-server', ...words);
    return {};
  },
};

export const memcached: Witness = {
  name: 'memcached',
  protocol: 'memcached',
  reads: 'libevent, level-triggered, until a read is short',
  busy: 'frozen',
  port: ports.memcached,
  prepare: () => need('memcached'),
  async start(stand) {
    const words = ['-u', 'root', '-l', '0.0.0.0', '-p', ports.memcached, '-t', 2, '-m', 512, '-I', '64m'];
    await stand.serve('server', [ports.memcached], 'memcached', ...words);
    return {};
  },
};
