// What is done to the datapath and to the pods while bytes flow.
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { modes } from '../../operator/api';
import type { DatapathSettings } from '../../operator/agent/datapath';
import type { Ground } from './ground';
import type { Keeper } from './keeper';
import type { Links } from './links';
import { Random } from './random';

export interface Disturbed {
  readonly ground: Ground;
  readonly keeper: Keeper;
  readonly links: Links;
  readonly random: Random;
  readonly calm: DatapathSettings;
}

export type Disturbance = (on: Disturbed) => Promise<void>;

/** How often each is drawn, relative to the others, and what it does. Afterwards everything is as in calm times again. */
export const disturbances: Readonly<Record<string, { readonly weight: number; readonly act: Disturbance }>> = {
  'mode switched': { weight: 5, act: switchMode },
  'mode flickered': { weight: 3, act: flicker },
  'switched off until drained': { weight: 2, act: drain },
  'limits changed': { weight: 3, act: changeLimits },
  'learning switched': { weight: 4, act: learn },
  'selection changed': { weight: 5, act: changeSelection },
  'holder killed': { weight: 3, act: killHolder },
  'taken over by another map version': { weight: 1, act: upgrade },
  'released and begun anew': { weight: 1, act: beginAnew },
  'pod replaced': { weight: 3, act: replacePod },
};

/** A name by weight. */
export function drawDisturbance(random: Random): string {
  const names = Object.entries(disturbances).flatMap(([name, { weight }]) => Array.from({ length: weight }, () => name));
  return random.of(names);
}

async function settled({ keeper, ground, calm }: Disturbed): Promise<void> {
  await keeper.configure(calm);
  await keeper.select(ground.pods, []);
}

async function switchMode(on: Disturbed): Promise<void> {
  await on.keeper.configure({ mode: on.random.of(['Off', 'Observe']) });
  await pause(on.random.between(0, 800));
  await settled(on);
}

async function flicker(on: Disturbed): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await on.keeper.configure({ mode: on.random.of(modes) });
    if (on.random.next() < 0.5) await pause(on.random.between(0, 20));
  }
  await settled(on);
}

async function drain(on: Disturbed): Promise<void> {
  await on.keeper.configure({ mode: 'Off' });
  const deadline = Date.now() + 5000;
  // Readers that nap hold their bytes for a while; a drain need not come to its end before it is called off.
  while ((await on.keeper.snapshot()).drainingSockets > 0 && Date.now() < deadline) await pause(20);
  await settled(on);
}

async function changeLimits(on: Disturbed): Promise<void> {
  const { random } = on;
  await on.keeper.configure({
    spillBytes: random.of([4096, 65_536, 262_144, 1 << 20, 4 << 20]),
    maxConnections: random.of([1, 20, 100, 1000, 10_000]),
    paths: random.of([['PodLocal'], ['NodeLocal'], ['PodLocal', 'NodeLocal']]),
  });
  await pause(random.between(200, 2000));
  await settled(on);
}

/** Connections start on TCP for a while, and are joined while they are open. */
async function learn(on: Disturbed): Promise<void> {
  await on.keeper.configure({ learn: true });
  await pause(on.random.between(3000, 8000));
  await settled(on);
}

async function changeSelection(on: Disturbed): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const chosen = on.random.some(on.ground.pods, 0.6);
    const rest = on.ground.pods.filter((pod) => !chosen.includes(pod));
    await on.keeper.select(chosen, rest.flatMap((pod) => pod.addresses));
    await pause(on.random.between(0, 300));
  }
  await settled(on);
}

/** Killed at rest or in the middle of an order, and started again after a while. */
async function killHolder(on: Disturbed): Promise<void> {
  const { keeper, ground, random } = on;
  const order = random.of([
    undefined,
    { select: random.some(ground.pods, 0.5), neighbours: [] },
    { configure: { ...on.calm, mode: random.of(modes) } },
    { release: true } as const,
  ]);
  await keeper.kill(order, random.between(0, 3));
  await pause(random.between(0, 1000));
  await keeper.start();
}

const foreign = 'abi-99';

/** What is pinned becomes that of a version the next holder does not know. */
async function upgrade(on: Disturbed): Promise<void> {
  const { pins } = on.ground.fixture;
  await on.keeper.kill();
  const current = readdirSync(pins).find((name) => name !== foreign);
  if (current !== undefined) renameSync(join(pins, current), join(pins, foreign));
  await on.keeper.start();
}
async function beginAnew(on: Disturbed): Promise<void> {
  await drain(on);
  await on.keeper.configure({ mode: 'Off' });
  await on.keeper.release();
  await pause(on.random.between(0, 500));
  on.keeper.wanted.settings = on.calm;
  await on.keeper.start();
}

/** Seen by the agent before or after it is gone, as runtimes do. */
async function replacePod(on: Disturbed): Promise<void> {
  const { keeper, ground, links, random } = on;
  if (random.next() < 0.5) await keeper.select(ground.pods.filter((pod) => pod.netns !== ground.passing.pod.netns), []);
  await links.replace(ground.passing);
  await pause(random.between(0, 500));
  await settled(on);
}
