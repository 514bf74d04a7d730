// The soak: checksummed bytes on hundreds of connections while everything about the datapath changes under them.
import { cpus, release } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { object, settings } from '../../ebpf/tests/fixture';
import { installTools } from '../tools/install';
import { Progress } from '../tools/progress';
import { waitFor } from '../support/waitFor';
import { disturbances, drawDisturbance, type Disturbed } from './disturbances';
import { ByteCount } from './fastBytes';
import { Ground } from './ground';
import { Keeper } from './keeper';
import { entriesLeft, mapIds, pinFolders, stillThere } from './leftovers';
import { Links } from './links';
import { Random } from './random';
import type { SoakResult } from './result';
import { compileTraffic } from './traffic';

export interface SoakPlan {
  /** Ends when either is reached. */
  readonly seconds: number;
  readonly bytes: number;
  readonly seed: number;
  /** 1 is about 300 connections at a time. */
  readonly scale: number;
  /** Only these disturbances; all of them without. */
  readonly only?: readonly string[];
  readonly say: (line: string) => void;
  /** Ends the soak early, in good order. */
  readonly interrupted?: AbortSignal;
}

const calm = { ...settings, maxConnections: 10_000 };
/** Of quiet between disturbances, in milliseconds. */
const rest = [200, 2500] as const;

export async function soak(plan: SoakPlan): Promise<SoakResult> {
  const tools = await installTools(new Progress(), ['envoy']);
  const program = await compileTraffic();
  const ground = new Ground();
  ground.fixture.datapath.close();
  const { pins, node } = ground.fixture;
  const keeper = new Keeper({ object, pins, podCgroup: node.cgroup }, { settings: calm, pods: ground.pods, neighbours: [] });
  try {
    await keeper.start();
    await ground.addSidecars(tools.path('envoy'));
    return await new Run(plan, ground, keeper, new Links(ground, program, plan.seed, plan.scale)).result();
  } finally {
    await keeper.kill();
    ground.fixture.datapath = ground.fixture.open();
    await ground.remove();
  }
}

class Run {
  private readonly startedMs = Date.now();
  private readonly bytes = new ByteCount();
  private readonly counts: Record<string, number> = {};
  private readonly maps = new Set<number>();
  private readonly disturbed: Disturbed;

  constructor(
    private readonly plan: SoakPlan,
    private readonly ground: Ground,
    private readonly keeper: Keeper,
    private readonly links: Links,
  ) {
    this.disturbed = { ground, keeper, links, calm, random: new Random(plan.seed) };
  }

  async result(): Promise<SoakResult> {
    await this.links.start();
    try {
      while (!this.isOver()) await this.disturb();
    } finally {
      this.plan.say('letting every connection come to its end');
      await this.links.finish();
    }
    const seconds = (Date.now() - this.startedMs) / 1000;
    const left = await this.left();
    const { received, wrong, failed, cut, finished } = this.links.tally;
    return {
      kernel: release(),
      cpus: cpus().length,
      seed: this.plan.seed,
      seconds,
      bytes: received,
      fastBytes: this.bytes.fast,
      connections: Math.round(finished / 2),
      atOnce: 2 * this.links.connections,
      wrongBytes: wrong,
      failedEnds: failed,
      cutEnds: cut,
      disturbances: this.counts,
      left,
      troubles: this.links.troubles.slice(0, 50),
    };
  }

  private isOver(): boolean {
    const { received, wrong } = this.links.tally;
    if (this.plan.interrupted?.aborted === true) return true;
    return wrong > 0 || received >= this.plan.bytes || Date.now() - this.startedMs >= this.plan.seconds * 1000;
  }

  private async disturb(): Promise<void> {
    const { random } = this.disturbed;
    const name = this.plan.only ? random.of(this.plan.only) : drawDisturbance(random);
    await pause(random.between(...rest));
    await this.note();
    await disturbances[name]?.act(this.disturbed);
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    await this.note();
    const { received, wrong, failed, open } = this.links.tally;
    const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
    this.plan.say(
      `${((Date.now() - this.startedMs) / 1000).toFixed(0).padStart(5)} s  ${gigabytes(received)} GB compared, ${gigabytes(this.bytes.fast)} GB redirected, ${open} ends open, ${wrong} wrong bytes, ${failed} failed ends; ${name}`,
    );
  }

  private async note(): Promise<void> {
    this.bytes.add(await this.keeper.snapshot());
    for (const folder of pinFolders(this.ground.fixture.pins)) for (const id of await mapIds(folder)) this.maps.add(id);
  }

  /** After the last connection; what is only late gets some seconds. */
  private async left(): Promise<Record<string, number>> {
    const look = async (): Promise<Record<string, number>> => {
      const { namespaces, joinedSockets } = await this.keeper.snapshot();
      const open = namespaces.reduce((total, each) => total + each.open, 0);
      const [folder] = pinFolders(this.ground.fixture.pins);
      return { ...(folder === undefined ? {} : await entriesLeft(folder)), ...(open > 0 ? { open } : {}), ...(joinedSockets > 0 ? { joinedSockets } : {}) };
    };
    const isEmpty = (left: object): boolean => Object.keys(left).length === 0;
    await waitFor('the maps to be empty', async () => isEmpty(await look()), { timeoutMs: 30_000 }).catch(() => undefined);
    const left = await look();
    await this.keeper.configure({ mode: 'Off' });
    await this.keeper.release();
    const freed = async (): Promise<boolean> => (await stillThere(this.maps)).length === 0;
    await waitFor('the maps to be freed', freed, { timeoutMs: 20_000 }).catch(() => undefined);
    const maps = (await stillThere(this.maps)).length;
    return { ...left, ...(maps > 0 ? { maps } : {}) };
  }
}
