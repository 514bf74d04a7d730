// Connections that occupy the controller's port of probes and metrics for as long as they can, in three ways.
import type { Attack } from '../attack';
import { crowdAtHealth } from './crowdAtHealth';

const before = '66 connections: 100 of 100 liveness probes were reset, the kubelet restarts controller and agents in a loop';
const controllerOf: Parameters<typeof crowdAtHealth>[0] = async (stage) => {
  const { controller } = (await stage.controller()).bench;
  return { pid: controller.pid ?? 0, port: controller.ports.http };
};
const ask = (path: string, end = '\r\n'): string => `GET ${path} HTTP/1.1\r\nhost: x\r\n${end}`;

export const idleAtHealth: Attack = {
  name: 'idle connections to the controller’s port of probes and metrics',
  attacker: 'pod network',
  before,
  run: crowdAtHealth(controllerOf, {}),
};

export const halfRequestsAtHealth: Attack = {
  name: 'requests to the same port that are never finished',
  attacker: 'pod network',
  before,
  run: crowdAtHealth(controllerOf, { says: ask('/healthz', '') }),
};

export const unreadMetrics: Attack = {
  name: 'metrics of the same port that are asked for and not read',
  attacker: 'pod network',
  before,
  run: crowdAtHealth(controllerOf, { says: ask('/metrics'), deaf: true }),
};
