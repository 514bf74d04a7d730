// For tests: nodes whose agents give the answers that the test sets.
import type { Connection, Watch, Watched } from '../../protocol';
import type { LiveAgent } from './questions';

export function connectionWith(changes: Partial<Connection> = {}): Connection {
  return {
    id: '2a',
    namespace: 'shop',
    pod: 'cart',
    local: '10.0.0.1:40000',
    remote: '10.98.0.9:80',
    path: 'NodeLocal',
    original: '10.98.0.9:80',
    redirected: '10.0.0.2:15006',
    peer: 'shop/web',
    accepting: false,
    accelerated: true,
    reason: '',
    fastBytes: 5000,
    tcpBytes: 100,
    rttUs: 60,
    ...changes,
  };
}

export function watchedWith(id: number, changes: Partial<Watched> = {}): Watched {
  return { id, pods: [], connections: [], events: [], omitted: 0, problem: '', last: true, ...changes };
}

/** A node and the requests that it got. */
export class ScriptedAgent implements LiveAgent {
  readonly asked: Watch[] = [];
  namespaces: readonly string[] | undefined = ['shop'];
  connected = true;
  answersWatch = true;

  constructor(
    readonly node: string,
    private readonly answer: (watch: Watch) => void = () => undefined,
  ) {}

  get stream(): LiveAgent['stream'] {
    if (!this.connected) return undefined;
    return {
      answersWatch: this.answersWatch,
      watch: (watch) => {
        this.asked.push(watch);
        this.answer(watch);
      },
    };
  }
}
