// How often the agent of a node comes and goes. An honest agent waits seconds before it comes again; whoever has its token may not, and each
// stream costs a handshake, a review of the token, an order, and a line in the log.
import { CountedLog } from '../../process';
import { Allowance, type Rate } from '../../protocol';

/** Streams of one node. An agent tries again after one second at the earliest, and a crash loop of its pod takes ten seconds a turn. */
const streams: Rate = { burst: 20, perSecond: 0.5 };
/** Most nodes to remember; the API server says which nodes there are. */
const most = 16_384;

export class Comings {
  /** Node → the streams that it may open. */
  private readonly nodes = new Map<string, Allowance>();
  private readonly log: CountedLog;

  /**
   * @param now a monotonic clock in milliseconds
   * @param say logs a line; lines of one node and kind are counted for a minute
   */
  constructor(
    private readonly now: () => number,
    say: (line: string) => void,
  ) {
    this.log = new CountedLog({ say, most: 2 * most });
  }

  /** The agent of a node shows its token for a new stream. @returns why it has to wait; undefined when it may come */
  refusal(node: string): string | undefined {
    const known = this.nodes.get(node) ?? new Allowance(streams, this.now);
    this.nodes.delete(node);
    this.nodes.set(node, known);
    const [oldest] = this.nodes.keys();
    if (this.nodes.size > most && oldest !== undefined) this.nodes.delete(oldest);
    known.spend(1);
    if (known.debtMs() === 0) return undefined;
    known.spend(-1);
    return `the agent of node ${node} comes too often; try again in ten seconds`;
  }

  /** Logs that the agent of a node has come or gone. */
  tell(node: string, kind: 'connected' | 'disconnected', more: string): void {
    this.log.tell(`${kind} ${node}`, `agent of node ${node} ${kind}: ${more}`);
  }
}
