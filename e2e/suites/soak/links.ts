// Which pods talk to which: a server process in every pod, and a client process for every path that a byte can take.
import { setTimeout as pause } from 'node:timers/promises';
import type { Board } from './board';
import type { Ground, Place } from '../../stand/agent/ground';
import { socketsOf } from './stalls';
import { sum, type Tally } from './tally';
import { Traffic } from './traffic';

const port = 7000;
/** Lines that are kept; the first ones show the cause. */
const mostStalls = 100;

interface Link {
  readonly name: string;
  readonly from: Place;
  readonly to: Place;
  readonly host: string;
  readonly connections: number;
  /** One of its pods comes and goes: connections may be cut, but bytes that arrive must be right. */
  readonly cuttable?: true;
  /** A proxy on the way buffers bytes, so its servers close only after they have received everything. */
  readonly proxied?: true;
  /** Its server also accepts sockets that stay blocking, so connections of its container do not join when they open. */
  readonly mixed?: true;
}

export class Links {
  private readonly servers = new Map<Place, Traffic>();
  private readonly clients = new Map<string, Traffic>();
  private readonly over: Traffic[] = [];
  /** What ss(8) shows of connections on which nothing moves. */
  readonly stalls: string[] = [];
  private started = 0;
  private readonly links: readonly Link[];

  constructor(
    private readonly ground: Ground,
    private readonly program: string,
    private readonly board: Board,
    private readonly seed: number,
    scale: number,
  ) {
    this.links = linksOf(ground).map((link) => ({ ...link, connections: Math.ceil(link.connections * scale) }));
  }

  get connections(): number {
    return this.links.reduce((total, link) => total + link.connections, 0);
  }

  async start(): Promise<void> {
    for (const place of this.ground.places) await this.serve(place);
    for (const link of this.links) await this.drive(link);
  }

  /** Kills the traffic processes in a pod, replaces the pod, and starts them again: first the clients, and a little later the server. */
  async replace(place: Place): Promise<void> {
    const own = this.links.filter((link) => link.from === place);
    const running = [this.servers.get(place), ...own.map((link) => this.clients.get(link.name))].filter((each) => each !== undefined);
    await Promise.all(running.map((each) => each.kill()));
    await this.ground.replace(place);
    for (const link of own) await this.drive(link);
    await pause(50);
    await this.serve(place);
  }

  /** Opens no new connections; resolves when all have ended. */
  async finish(): Promise<void> {
    await Promise.all([...this.clients.values()].map((client) => client.finish()));
    await Promise.all([...this.servers.values()].map((server) => server.finish()));
  }

  /** The sum over all processes, including killed ones. Each byte is counted where it arrives. */
  get tally(): Tally {
    return sum(this.all.map(({ tally }) => tally));
  }

  get troubles(): string[] {
    return this.all.flatMap(({ troubles }) => troubles);
  }

  /** One line for each running process, with its counts. */
  describe(): string[] {
    return [...this.clients.values(), ...this.servers.values()].map(({ name, tally }) => `${name}: ${JSON.stringify(tally)}`);
  }

  private get all(): Traffic[] {
    return [...this.servers.values(), ...this.clients.values(), ...this.over];
  }

  private async serve(place: Place): Promise<void> {
    const child = this.ground.start(place, this.program, 'serve', place.number, port, this.board.path);
    this.keep(this.servers, place, await this.watched(place, new Traffic(`server ${place.number}`, child)).started());
  }

  private async drive(link: Link): Promise<void> {
    const { from, to, host, connections } = link;
    const flags = (['cuttable', 'proxied', 'mixed'] as const).filter((flag) => link[flag]);
    const words = ['drive', to.number, host, port, this.board.path, this.started++ % 4096, connections, this.seed, ...flags];
    const traffic = new Traffic(link.name, this.ground.start(from, this.program, ...words));
    this.keep(this.clients, link.name, await this.watched(from, traffic).started());
  }

  private watched(place: Place, traffic: Traffic): Traffic {
    traffic.onStall = (stall) => {
      if (this.stalls.length < mostStalls) void socketsOf(place, stall).then((lines) => this.stalls.push(...lines));
    };
    return traffic;
  }

  private keep<K>(processes: Map<K, Traffic>, key: K, traffic: Traffic): void {
    const before = processes.get(key);
    if (before !== undefined) this.over.push(before);
    processes.set(key, traffic);
  }
}

function linksOf(ground: Ground): Link[] {
  const { client, server, doubleClient, doubleServer, twinClient, twinServer, meshClient, meshServer, passing } = ground;
  const between = (name: string, from: Place, to: Place, connections: number, more: Pick<Link, 'cuttable' | 'proxied' | 'mixed'> = {}): Link[] => [
    { name: `${name}, IPv4`, from, to, host: to.pod.address, connections, ...more },
    { name: `${name}, IPv6`, from, to, host: to.pod.address6, connections, ...more },
  ];
  return [
    ...between('pod to pod', client, server, 48),
    ...between('double to double', doubleClient, doubleServer, 12, { mixed: true }),
    ...between('twin to twin', twinClient, twinServer, 12),
    ...between('through two Envoys', meshClient, meshServer, 32, { proxied: true }),
    ...between('to a pod that comes and goes', client, passing, 16, { cuttable: true }),
    ...between('from a pod that comes and goes', passing, server, 16, { cuttable: true }),
    { name: 'inside a pod, IPv4', from: server, to: server, host: '127.0.0.1', connections: 32 },
    { name: 'inside a pod, IPv6', from: server, to: server, host: '::1', connections: 32 },
    { name: 'inside a double, IPv4', from: doubleServer, to: doubleServer, host: '127.0.0.1', connections: 8, mixed: true },
    { name: 'inside a twin, IPv4', from: twinServer, to: twinServer, host: '127.0.0.1', connections: 8 },
  ];
}
