// Disturbances of the agent and of the pods while bytes flow.
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { modes } from '../../../operator/api';
import type { Order } from '../../../operator/protocol';
import type { Board } from './board';
import { type Ground, type Place, placeLabel } from '../../stand/agent/ground';
import type { Keeper } from '../../stand/agent/keeper';
import type { Links } from './links';
import type { Random } from '../../stand/support/random';

export interface Disturbed {
  readonly ground: Ground;
  readonly keeper: Keeper;
  readonly board: Board;
  readonly links: Links;
  readonly random: Random;
  /** The order that is in force between disturbances. */
  readonly calm: Partial<Order>;
}

export type Disturbance = (on: Disturbed) => Promise<void>;

/** How often each disturbance is drawn, relative to the others, and what it does. Each ends with the agent running and the calm order sent. */
export const disturbances: Readonly<Record<string, { readonly weight: number; readonly act: Disturbance }>> = {
  'mode switched': { weight: 5, act: switchMode },
  'mode flickered': { weight: 3, act: flicker },
  'switched off until drained': { weight: 2, act: drain },
  'limits changed': { weight: 3, act: changeLimits },
  'selection changed': { weight: 4, act: changeSelection },
  'agent killed': { weight: 4, act: killAgent },
  'agent frozen': { weight: 3, act: freezeAgent },
  'agent upgraded': { weight: 2, act: upgradeAgent },
  'agent upgraded to another map version': { weight: 1, act: upgradeMaps },
  'removed and begun anew': { weight: 1, act: beginAnew },
  'pod replaced': { weight: 4, act: replacePod },
};

/** Draws every disturbance once in a random order, and then by weight. */
export function drawDisturbances(random: Random): () => string {
  const all = Object.keys(disturbances);
  const first = all
    .map((name) => ({ name, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
  const weighed = Object.entries(disturbances).flatMap(([name, { weight }]) => Array.from({ length: weight }, () => name));
  return () => first.pop() ?? random.of(weighed);
}

async function switchMode({ keeper, board, random, calm }: Disturbed): Promise<void> {
  await board.aim(() => keeper.order({ mode: random.of(['Off', 'Observe']) }));
  await pause(random.between(0, 800));
  await keeper.order(calm);
}

async function flicker({ keeper, random, calm }: Disturbed): Promise<void> {
  for (let i = 0; i < 40; i++) {
    keeper.send({ mode: random.of(modes) });
    await pause(random.between(0, 60));
  }
  await keeper.order(calm);
}

/** Waits until no redirected byte is unread, but for five seconds at most: readers that nap leave bytes unread, so a drain may be called off. */
async function drain({ keeper, board, calm }: Disturbed): Promise<void> {
  await board.aim(() => keeper.order({ mode: 'Off' }));
  const deadline = Date.now() + 5000;
  while (keeper.report?.drainingSockets !== 0 && Date.now() < deadline) await pause(50);
  await keeper.order(calm);
}

async function changeLimits({ keeper, random, calm }: Disturbed): Promise<void> {
  await keeper.order({
    spillBytes: random.of([4096, 65_536, 262_144, 1 << 20, 4 << 20]),
    maxConnections: random.of([1, 20, 100, 1000, 10_000]),
    paths: random.of([['PodLocal'], ['NodeLocal'], ['PodLocal', 'NodeLocal']]),
  });
  await pause(random.between(200, 2000));
  await keeper.order(calm);
}

function only(places: readonly Place[]): Pick<Order, 'podSelector'> {
  const values = places.map(({ number }) => String(number));
  return { podSelector: { matchExpressions: [{ key: placeLabel, operator: 'In', values: ['none', ...values] }] } };
}

async function changeSelection({ keeper, board, random, ground, calm }: Disturbed): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await board.aim(() => keeper.order(only(random.some(ground.places, 0.6))));
    await pause(random.between(0, 300));
  }
  await keeper.order(calm);
}

/** Kills the agent between orders, in the middle of an order or just after it, and starts it again after a while. */
async function killAgent({ keeper, board, random, ground, calm }: Disturbed): Promise<void> {
  const change = random.of([undefined, only(random.some(ground.places, 0.5)), { mode: random.of(modes) }, { remove: true }]);
  const amid = random.next() < 0.5;
  await board.aim(async () => {
    if (change === undefined) return keeper.end('SIGKILL');
    if (amid) return keeper.killAmid(change, random.between(0, 12));
    await keeper.order(change);
    return keeper.end('SIGKILL');
  });
  await pause(random.between(0, 4000));
  keeper.send({ ...calm, remove: false });
  await keeper.start();
}

/** Stops the agent for some seconds, in which it neither scans nor applies orders. An order is sent before it stops or meanwhile. */
async function freezeAgent({ keeper, board, random, ground, calm }: Disturbed): Promise<void> {
  const change = random.of<Partial<Order> | undefined>([undefined, only(random.some(ground.places, 0.5)), { mode: random.of(['Off', 'Observe']) }]);
  const waits = random.next() < 0.5;
  await board.aim(async () => {
    if (change !== undefined && !waits) await keeper.order(change);
    keeper.freeze();
    if (change !== undefined && waits) keeper.send(change);
  });
  await pause(random.between(500, 5000));
  keeper.thaw();
  await keeper.order(calm);
}

/** The old agent ends in good order; the new agent takes over the pinned datapath. */
async function upgradeAgent({ keeper }: Disturbed): Promise<void> {
  await keeper.end('SIGTERM');
  await keeper.start();
}

const foreign = 'abi-99';

/** Renames the pins between two agents, so that the new agent finds a datapath of a map version that it does not know. */
async function upgradeMaps({ keeper, ground }: Disturbed): Promise<void> {
  await keeper.end('SIGTERM');
  const current = existsSync(ground.pins) ? readdirSync(ground.pins).find((name) => name !== foreign) : undefined;
  if (current !== undefined) renameSync(join(ground.pins, current), join(ground.pins, foreign));
  await keeper.start();
}

async function beginAnew({ keeper, random, calm }: Disturbed): Promise<void> {
  await keeper.remove();
  await pause(random.between(0, 500));
  await keeper.order(calm);
}

/** Replaces a pod. The agent hears of its end before or after its processes have ended, as with real container runtimes. */
async function replacePod({ keeper, ground, links, random, calm }: Disturbed): Promise<void> {
  const place = ground.passing;
  const old = place.sandbox.id;
  const early = random.next() < 0.5;
  if (early) keeper.podStopped(old);
  await links.replace(place);
  if (!early) keeper.podStopped(old);
  keeper.podStarted(place.sandbox);
  await pause(random.between(0, 500));
  await keeper.order(calm);
}
