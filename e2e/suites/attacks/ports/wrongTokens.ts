// Streams with invalid tokens, each with another one, as fast as one address can open them.
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { connectPath } from '../../../../operator/protocol/wire';
import { type Attack, brokenBy } from '../attack';
import { newAgent } from './newAgent';
import { rounded } from './underCrowd';
import { residentMiB } from '../../../stand/support/processUse';

const connections = 100;
/** More than the controller reviews: ten wrong tokens a second of one address, and sixteen before the address is known for them. */
const reviewsPerSecond = 15;
const servedWithinMs = 5000;

class Guesser {
  private session: ClientHttp2Session | undefined;
  private over = false;
  streams = 0;

  constructor(private readonly port: number) {
    this.begin();
  }

  end(): void {
    this.over = true;
    this.session?.destroy();
  }

  private begin(): void {
    if (this.over) return;
    const socket = connect({ port: this.port, host: '127.0.0.1', localAddress: '127.0.0.9' }).on('error', () => undefined);
    const session = connectHttp2('https://controller', {
      createConnection: () => connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
    });
    this.session = session;
    session.on('error', () => undefined);
    session.once('close', () => setTimeout(() => this.begin(), 20));
    session.once('connect', () => this.guess(session));
  }

  private guess(session: ClientHttp2Session): void {
    if (this.over || session.destroyed || session.closed) return;
    this.streams += 1;
    const token = `guess-${process.pid}-${Math.random()}`;
    const stream = session.request({
      ':method': 'POST',
      ':path': connectPath,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${token}`,
    });
    stream.on('error', () => undefined).resume();
    stream.once('close', () => this.guess(session));
  }
}

export const wrongTokens: Attack = {
  name: 'streams of the agents’ channel with wrong tokens',
  attacker: 'pod network',
  before: 'each token cost a TokenReview and a log line, and each stream took the place of an agent',
  run: async (stage, size) => {
    const live = await stage.controller();
    const { controller } = live.bench;
    const come = await newAgent(live);
    const reviews = async (): Promise<number> =>
      Number(/^rest_client_requests_total{method="POST",code="201"} (\d+)$/m.exec((await controller.get('/metrics')).text)?.[1] ?? 0);
    const warnings = (): number => controller.log.filter(({ level }) => level === 'warn').length;
    const before = { reviews: await reviews(), warnings: warnings(), mib: residentMiB(controller.pid ?? 0).now };
    const began = performance.now();
    const guessers = Array.from({ length: connections }, () => new Guesser(controller.ports.grpc));
    try {
      await pause(size === 'full' ? 20_000 : 3000);
      const slowestMs = Math.max(await come(), await come());
      const seconds = (performance.now() - began) / 1000;
      const streams = guessers.reduce((sum, each) => sum + each.streams, 0);
      // The tokens of the real agents are reviewed too.
      const [looked, lines] = [(await reviews()) - before.reviews, warnings() - before.warnings];
      const grownMiB = residentMiB(controller.pid ?? 0).now - before.mib;
      return {
        cost: `${streams} wrong tokens on ${connections} connections of one address in ${rounded(seconds)} s`,
        now: `${looked} were looked at, ${lines} lines logged; an agent was served after ${slowestMs} ms at most`,
        figures: { connections, streams, seconds: rounded(seconds), reviews: looked, logLines: lines, slowestMs, grownMiB: rounded(grownMiB) },
        broken: brokenBy(
          [streams < connections, 'too few tokens were shown: this proves nothing'],
          [looked > 40 + reviewsPerSecond * seconds, `more than ${reviewsPerSecond} a second were looked at`],
          [lines > 10, 'more than ten lines were logged'],
          [slowestMs > servedWithinMs, `an agent waited longer than ${servedWithinMs} ms`],
        ),
      };
    } finally {
      for (const each of guessers) each.end();
    }
  },
};
