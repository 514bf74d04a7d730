// A crowd at the port to which agents connect. Meanwhile an agent of another address connects, as all agents do after a change of leader.
import { type Attack, type Attacker, brokenBy } from '../attack';
import type { CrowdOptions } from './connections';
import { newAgent } from './newAgent';
import { mostMiB, rounded, underCrowd } from './underCrowd';

const attacker: Attacker = 'pod network';
const servedWithinMs = 5000;
const agents = 5;

function crowdAtChannel(most: number, crowd: Partial<CrowdOptions>): Attack['run'] {
  return async (stage, size) => {
    const live = await stage.controller();
    const { controller } = live.bench;
    const count = size === 'full' ? most : 500;
    const come = await newAgent(live);
    const all = async (): Promise<number[]> => {
      const waits: number[] = [];
      for (let each = 0; each < agents; each += 1) waits.push(await come());
      return waits;
    };
    const { grownMiB, made, found, seconds } = await underCrowd(
      controller.pid ?? 0,
      [{ ...crowd, port: controller.ports.grpc, count, localAddress: '127.0.0.9' }],
      all,
    );
    const slowestMs = Math.max(...found);
    return {
      cost: `${count} connections of one address, made ${made} times in ${seconds} s`,
      now: `an agent was served after ${slowestMs} ms at most; ${rounded(grownMiB)} MiB more`,
      figures: { connections: count, made, seconds, agents, slowestMs, grownMiB: rounded(grownMiB) },
      broken: brokenBy(
        [slowestMs > servedWithinMs, `an agent waited longer than ${servedWithinMs} ms`],
        [grownMiB > mostMiB, `more than ${mostMiB} MiB more`],
      ),
    };
  };
}

export const idleAtChannel: Attack = {
  name: 'idle connections to the agents’ channel',
  attacker,
  before: '4,000 connections cost 90 MiB and stayed 120 s',
  run: crowdAtChannel(4000, {}),
};

export const handshakesAtChannel: Attack = {
  name: 'handshakes with the agents’ channel and nothing after them',
  attacker,
  before: '1,500 finished handshakes cost 80 KiB each and stayed',
  run: crowdAtChannel(1500, { tls: { ALPNProtocols: ['h2'] } }),
};
