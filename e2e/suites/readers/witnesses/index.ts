// Every witness, in the order of the page.
import type { Witness } from '../witness';
import { memcached, redis } from './caches';
import { envoy } from './envoy';
import { goRelay, goWeb } from './golang';
import { haproxyCopied, haproxySpliced } from './haproxy';
import { javaBlocking, javaNio, netty } from './java';
import { mariadb } from './mariadb';
import { nginxFiles, nginxProxy, nginxTunnel } from './nginx';
import { asyncioPython, blockingPython, edgePython, node } from './scripts';
import { tokio } from './tokio';

export const witnesses: readonly Witness[] = [
  tokio,
  netty,
  nginxFiles,
  nginxProxy,
  nginxTunnel,
  goRelay,
  goWeb,
  blockingPython,
  asyncioPython,
  edgePython,
  node,
  haproxyCopied,
  haproxySpliced,
  redis,
  memcached,
  javaNio,
  javaBlocking,
  mariadb,
  envoy,
];
