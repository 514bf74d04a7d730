// The soak: checksummed bytes on hundreds of connections, while the agent, its orders and the pods change.
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { object } from '../../../ebpf/tests/fixture';
import { Known } from '../../../ebpf/tests/known';
import { LibbpfError } from '../../../operator/agent/datapath/libbpf';
import { installTools } from '../../stand/tools/install';
import { Progress } from '../../../release/tools/progress';
import { waitFor } from '../../stand/support/waitFor';
import { buildDirectory } from '../../../release/tools/paths';
import { calm, withAgent } from '../../stand/agent/agentOn';
import { Board } from './board';
import { disturbances, drawDisturbances, type Disturbed } from './disturbances';
import type { Ground } from '../../stand/agent/ground';
import type { Keeper } from '../../stand/agent/keeper';
import { entriesLeft, mapIds, pinFolders, stillThere } from '../../stand/agent/leftovers';
import { Links } from './links';
import { Random } from '../../stand/support/random';
import type { SoakResult } from './result';
import { compileTraffic } from './traffic';
import { Witness } from './witness';

export interface SoakPlan {
  /** The soak ends when it has run for `seconds` or compared `bytes`. */
  readonly seconds: number;
  readonly bytes: number;
  readonly seed: number;
  /** A factor for the number of connections; 1 is about 300 at the same time. */
  readonly scale: number;
  /** The disturbances to make; all unless given. */
  readonly only?: readonly string[];
  readonly say: (line: string) => void;
  /** Ends the soak early, with a result. */
  readonly interrupted?: AbortSignal;
}

/** The most lines about connections with which something was wrong. */
const mostTroubles = 50;
/** The shortest and longest pause between disturbances, in milliseconds. Connections are learnt, leave and return within seconds. */
const rest = [500, 6000] as const;

export async function soak(plan: SoakPlan): Promise<SoakResult> {
  const tools = await installTools(new Progress(), ['envoy']);
  const program = await compileTraffic();
  return withAgent(async (ground, keeper) => {
    await ground.addSidecars(tools.path('envoy'));
    const board = new Board(join(buildDirectory, 'soak', `board-${process.pid}`));
    try {
      return await new Run(plan, ground, keeper, board, new Links(ground, program, board, plan.seed, plan.scale)).result();
    } finally {
      board.close();
    }
  });
}

class Run {
  private readonly startedMs = Date.now();
  /** How many troubles have been printed. */
  private told = 0;
  private readonly witness: Witness;
  private readonly known: Known;
  private readonly counts: Record<string, number> = {};
  private readonly maps = new Set<number>();
  private readonly disturbed: Disturbed;
  private readonly draw: () => string;

  constructor(
    private readonly plan: SoakPlan,
    private readonly ground: Ground,
    private readonly keeper: Keeper,
    private readonly board: Board,
    private readonly links: Links,
  ) {
    const random = new Random(plan.seed);
    this.disturbed = { ground, keeper, board, links, random, calm: { ...calm, paths: ['PodLocal', 'NodeLocal'] } };
    this.draw = plan.only ? (): string => random.of(plan.only ?? []) : drawDisturbances(random);
    this.known = new Known(object, ground.pins);
    this.witness = new Witness(ground.pins, ground.namespaces.length);
  }

  async result(): Promise<SoakResult> {
    await this.links.start();
    try {
      while (!this.isOver()) await this.disturb();
    } catch (error) {
      this.plan.say(`ending early: ${String(error)}`);
      throw error;
    } finally {
      this.plan.say('waiting for every connection to end');
      await this.links.finish();
      await this.note();
    }
    const seconds = (Date.now() - this.startedMs) / 1000;
    const left = await this.left();
    const { received, wrong, failed, stalled, longest, returned, cut, finished } = this.links.tally;
    const { fast_bytes: fastBytes, left: departures, adopted, woken, unseen } = this.witness.total;
    return {
      kernel: release(),
      cpus: cpus().length,
      seeds: [this.plan.seed],
      seconds,
      bytes: received,
      fastBytes,
      departures,
      adopted,
      returned,
      woken,
      unseen,
      connections: Math.round(finished / 2),
      atOnce: 2 * this.links.connections,
      wrongBytes: wrong,
      failedEnds: failed,
      stalled,
      longestStandstillMs: longest,
      aimed: this.board.hits,
      cutEnds: cut,
      disturbances: this.counts,
      left,
      troubles: [...this.links.troubles.slice(0, mostTroubles), ...this.links.stalls],
    };
  }

  private isOver(): boolean {
    const { received, wrong } = this.links.tally;
    if (this.plan.interrupted?.aborted === true) return true;
    return wrong > 0 || received >= this.plan.bytes || Date.now() - this.startedMs >= this.plan.seconds * 1000;
  }

  private async disturb(): Promise<void> {
    const name = this.draw();
    await pause(this.disturbed.random.between(...rest));
    await this.note();
    await disturbances[name]?.act(this.disturbed);
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    await this.note();
    for (; this.told < Math.min(this.links.troubles.length, mostTroubles); this.told++) this.plan.say(String(this.links.troubles[this.told]));
    const { received, wrong, failed, stalled, longest, open } = this.links.tally;
    const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
    this.plan.say(
      `${((Date.now() - this.startedMs) / 1000).toFixed(0).padStart(5)} s  ${gigabytes(received)} GB compared, ${gigabytes(this.witness.total.fast_bytes)} GB redirected, ${open} ends open, ${wrong} wrong bytes, ${failed} failed ends, ${stalled} stalled (longest ${longest} ms), ${this.board.hits} hits; ${name}`,
    );
  }

  private async note(): Promise<void> {
    await this.witness.look();
    this.knowReaders();
    for (const folder of pinFolders(this.ground.pins)) for (const id of await mapIds(folder)) this.maps.add(id);
  }

  /** Tells the datapath how the programs read. After so many changes it would watch nearly all readers anew all the time, and keep them on TCP. */
  private knowReaders(): void {
    try {
      this.known.toRead(this.ground.containers);
    } catch (error) {
      if (!(error instanceof LibbpfError)) throw error; // no maps at present
    }
  }

  /** What the datapath still holds after the last connection, and which maps are not freed after its removal. Waits some seconds for both. */
  private async left(): Promise<Record<string, number>> {
    const look = async (): Promise<Record<string, number>> => {
      const { namespaces = [], joinedSockets = 0 } = this.keeper.report ?? {};
      const open = namespaces.reduce((total, each) => total + each.open, 0);
      const [folder] = pinFolders(this.ground.pins);
      return {
        ...(folder === undefined ? {} : await entriesLeft(folder)),
        ...(open > 0 ? { open } : {}),
        ...(joinedSockets > 0 ? { joinedSockets } : {}),
      };
    };
    const isEmpty = (left: object): boolean => Object.keys(left).length === 0;
    await waitFor('the maps to be empty', async () => isEmpty(await look()), { timeoutMs: 30_000 }).catch(() => undefined);
    const left = await look();
    await this.keeper.remove();
    const freed = async (): Promise<boolean> => (await stillThere(this.maps)).length === 0;
    await waitFor('the maps to be freed', freed, { timeoutMs: 20_000 }).catch(() => undefined);
    const maps = (await stillThere(this.maps)).length;
    return { ...left, ...(maps > 0 ? { maps } : {}) };
  }
}
