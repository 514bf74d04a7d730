// Every trial, in the order of the page.
import type { Trial } from '../trial';
import { asyncio, node } from './echo';
import { goProxy } from './goProxy';
import { haproxyFiles, haproxyTcp } from './haproxy';
import { http2 } from './http2';
import { iperf } from './iperf';
import { nginxFiles, nginxLate, nginxProxy } from './nginx';
import { postgres } from './postgres';
import { redis } from './redis';

export const trials: readonly Trial[] = [
  redis,
  postgres,
  nginxFiles,
  nginxLate,
  nginxProxy,
  haproxyFiles,
  haproxyTcp,
  http2,
  iperf,
  goProxy,
  node,
  asyncio,
];
