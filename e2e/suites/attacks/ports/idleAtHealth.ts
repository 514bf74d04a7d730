// Connections that occupy the controller's port of probes and metrics for as long as they can, in four ways.
import { type Attack, brokenBy } from '../attack';
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

const mostLines = 2;
/** More than idle connections may cost: a thousand connections a second are answered, and V8's young generation grows with them. */
const answeringMiB = 48;

export const pipelinedAtHealth: Attack = {
  name: 'a dozen requests to the same port that do not wait for the answers',
  attacker: 'pod network',
  before: '10,128 connections in 8 s: 10,128 lines in the log',
  run: async (stage, size) => {
    let log: readonly { readonly message: string }[] = [];
    const victim: typeof controllerOf = async (from) => {
      const { controller } = (await from.controller()).bench;
      ({ log } = controller);
      return { pid: controller.pid ?? 0, port: controller.ports.http };
    };
    const outcome = await crowdAtHealth(victim, { says: ask('/healthz').repeat(12) }, answeringMiB)(stage, size);
    const lines = log.filter(({ message }) => message.includes('Warning')).length;
    return {
      ...outcome,
      now: `${outcome.now}; ${lines} warnings in the log`,
      figures: { ...outcome.figures, logLines: lines },
      broken: [...outcome.broken, ...brokenBy([lines > mostLines, `more than ${mostLines} warnings in the log`])],
    };
  },
};
