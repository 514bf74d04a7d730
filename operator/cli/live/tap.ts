// accelctl tap: what happens to connections, a line an event, until the time is over or Ctrl-C.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { connectionReasonNames, liveEventTypes, type LiveEvent, type LiveEventType } from '../../api';
import type { Cluster } from '../cluster';
import { duration } from '../duration';
import type { ClusterOptions } from '../kubeconfig';
import { Persistence } from '../persistence';
import type { Surroundings } from '../surroundings';
import { type Target, targetIfAny } from '../target';
import { bytes } from '../units';
import { stateOf } from './connections';
import { addTarget, type LiveOptions } from './options';
import { eventsOf, silence } from './source';

interface TapOptions extends LiveOptions, ClusterOptions {
  readonly kind?: readonly LiveEventType[];
  readonly reason?: readonly string[];
  readonly for: number;
  readonly output: 'lines' | 'json';
}

/** The surroundings, and a way to say on standard error what would be said again with every bookmark. */
type Teller = Surroundings & { readonly sayOnce: (text: string) => void };

type Happening = Extract<LiveEvent, { type: 'ADDED' | 'MODIFIED' | 'DELETED' }>['object'];

export function addTap(program: Command, world: Surroundings): void {
  addTarget(program.command('tap'))
    .description('print what happens to connections: opened, paired, left, closed; those that live for less than a second may go unseen')
    .addOption(new Option('--kind <kinds>', `only these, with commas between them: ${liveEventTypes.join(', ')}`).argParser(oneOf('kind', liveEventTypes)))
    .addOption(new Option('--reason <reasons>', 'only connections that run over TCP for one of these, with commas between them; see accelctl explain').argParser(oneOf('reason', connectionReasonNames)))
    .addOption(new Option('--for <duration>', 'how long; until Ctrl-C by default').argParser(duration).default(0, 'for ever'))
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['lines', 'json']).default('lines'))
    .addHelpText('after', '\nExamples:\n  $ accelctl tap shop --for 30s\n  $ accelctl tap shop/cart-6d5f --kind Paired,Left\n  $ accelctl tap --reason BlockingReader -o json | jq .pod')
    .action((what: string | undefined, _own, called: Command) => tap(what, called.optsWithGlobals<TapOptions>(), world));
}

async function tap(what: string | undefined, options: TapOptions, world: Surroundings): Promise<void> {
  const target = targetIfAny(what, options.namespace);
  const cluster = world.cluster(options);
  const over = new AbortController();
  const timer = options.for === 0 ? undefined : setTimeout(() => over.abort(), options.for);
  void world.ended().then(() => over.abort());
  const persistence = new Persistence({ ...world, nextLook: async () => (await world.nextLook()) && !over.signal.aborted });
  const said = new Set<string>();
  const sayOnce = (text: string): void => {
    if (!said.has(text)) world.progress.note(text);
    said.add(text);
  };
  try {
    // The server ends a watch after ten minutes, and when another controller leads.
    do await persistence.look(() => follow(cluster, target, options, { ...world, sayOnce }, over.signal));
    while (!over.signal.aborted && (await world.nextLook()));
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

async function follow(cluster: Cluster, target: Target | undefined, options: TapOptions, world: Teller, signal: AbortSignal): Promise<void> {
  for await (const event of eventsOf(cluster, target, signal)) {
    if (event.type === 'BOOKMARK') {
      const { omitted, silentNodes } = event.object;
      // The first bookmark is the beginning: a quiet namespace would look as if nobody listened.
      world.sayOnce(`listening for what happens from now on${options.for === 0 ? '; Ctrl-C ends it' : ''}`);
      for (const text of silence(silentNodes)) world.sayOnce(text);
      if (omitted > 0) world.progress.note(`${omitted} events are left out: more happens than can be told; name a pod`);
    } else if (event.type !== 'ERROR' && isWanted(event.object, options)) {
      world.print(options.output === 'json' ? JSON.stringify(event.object) : line(event.object, world));
    }
  }
}

function isWanted({ event, reason = '' }: Happening, { kind, reason: reasons }: TapOptions): boolean {
  return (kind === undefined || kind.includes(event)) && (reasons === undefined || reasons.includes(reason));
}

function line(happening: Happening, { paint }: Surroundings): string {
  const { event, time, metadata, pod, role, local, remote, original, bytes: sent } = happening;
  const [from, to] = role === 'Connecting' ? [local, original ?? remote] : [remote, local];
  const counts = event === 'Closed' || event === 'Left' ? ` fast ${bytes(sent.fast)}, TCP ${bytes(sent.tcp)}` : '';
  return `${time.slice(11, 23)} ${event.padEnd(6)} ${metadata.namespace}/${pod} ${from} > ${to} ${stateOf(happening, paint)}${counts}`;
}

/** Words of a list, as they are written in any case. @throws InvalidArgumentError for one that is not in it */
function oneOf<T extends string>(what: string, known: readonly T[]): (text: string) => T[] {
  return (text) =>
    text.split(',').map((word) => {
      const found = known.find((each) => each.toLowerCase() === word.trim().toLowerCase());
      if (found === undefined) throw new InvalidArgumentError(`${word} is no ${what}; there are ${known.join(', ')}`);
      return found;
    });
}
