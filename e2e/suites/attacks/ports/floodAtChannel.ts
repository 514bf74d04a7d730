// Connections to the agents' channel that finish the TLS handshake and then send frames of HTTP/2 as fast as they can, without a token.
import { frame, frameType, opening, rapidResets } from '../../../../operator/protocol/frames.testing';
import { type Attack, brokenBy } from '../attack';
import { newAgent } from './newAgent';
import { probe } from './probes';
import { mostMiB, rounded, underCrowd } from './underCrowd';

const servedWithinMs = 2000;
const mostLines = 10;

/** @param frames what each connection sends; it is opened again when it is ended */
function floodAtChannel(frames: Buffer): Attack['run'] {
  return async (stage, size) => {
    const live = await stage.controller();
    const { controller } = live.bench;
    const [count, probes, agents] = size === 'full' ? [1000, 100, 5] : [300, 20, 2];
    const come = await newAgent(live);
    const linesBefore = controller.log.filter(({ level }) => level === 'warn').length;
    const look = async (): Promise<{ failed: readonly string[]; slowestMs: number }> => {
      const [{ failed }, slowestMs] = await Promise.all([
        probe(controller.ports.http, '/healthz', probes),
        (async () => {
          let slowest = 0;
          for (let each = 0; each < agents; each += 1) slowest = Math.max(slowest, await come());
          return slowest;
        })(),
      ]);
      return { failed, slowestMs };
    };
    const { grownMiB, made, found, seconds } = await underCrowd(
      controller.pid ?? 0,
      [{ port: controller.ports.grpc, count, localAddress: '127.0.0.9', tls: { ALPNProtocols: ['h2'] }, says: Buffer.concat([opening, frames]) }],
      look,
    );
    const { failed, slowestMs } = found;
    const lines = controller.log.filter(({ level }) => level === 'warn').length - linesBefore;
    return {
      cost: `${count} connections of one address, made ${made} times in ${seconds} s, each with ${frames.length} bytes of frames`,
      now: `${failed.length} of ${probes} probes failed; an agent was served after ${slowestMs} ms at most; ${rounded(grownMiB)} MiB more, ${lines} lines logged`,
      figures: {
        connections: count,
        made,
        seconds,
        probes,
        failedProbes: failed.length,
        agents,
        slowestMs,
        grownMiB: rounded(grownMiB),
        logLines: lines,
      },
      broken: brokenBy(
        [!controller.running, 'the controller ended'],
        [failed.length > 0, `probes failed: ${failed[0]}`],
        [slowestMs > servedWithinMs, `an agent waited longer than ${servedWithinMs} ms`],
        [grownMiB > mostMiB, `more than ${mostMiB} MiB more`],
        [lines > mostLines, `more than ${mostLines} lines were logged`],
      ),
    };
  };
}

export const rapidReset: Attack = {
  name: 'streams of the agents’ channel that are opened and reset at once, without a token',
  attacker: 'pod network',
  before: '185 connections of one address: the leading controller ended out of memory after 6 s, as often as it was started again',
  run: floodAtChannel(rapidResets(150)),
};

export const pings: Attack = {
  name: 'PINGs to the agents’ channel, without a token',
  attacker: 'pod network',
  before: 'each was answered, for 15 s a connection',
  run: floodAtChannel(Buffer.concat(Array.from({ length: 1000 }, () => frame(frameType.ping, 0, 0, Buffer.alloc(8))))),
};
