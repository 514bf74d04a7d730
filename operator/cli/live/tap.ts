// accelctl tap: prints one line for each event of a connection, until the time of --for is over or the user presses Ctrl-C.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { connectionReasonNames, liveEventTypes, type LiveEvent, type LiveEventType } from '../../api';
import type { Cluster } from '../cluster';
import { duration } from '../duration';
import type { ClusterOptions } from '../kubeconfig';
import { RetryingPoll } from '../retryingPoll';
import type { Surroundings } from '../surroundings';
import { type Target, targetIfAny } from '../target';
import { bytes } from '../units';
import { stateOf } from './connections';
import { addTarget, type LiveOptions } from './options';
import { eventsOf, silentNodeLines } from './source';

interface TapOptions extends LiveOptions, ClusterOptions {
  readonly kind?: readonly LiveEventType[];
  readonly reason?: readonly string[];
  readonly for: number;
  readonly output: 'lines' | 'json';
}

/** The surroundings, with a function that prints a note on standard error unless it has printed the same note before. */
type World = Surroundings & { readonly noteOnce: (text: string) => void };

type ConnectionEvent = Extract<LiveEvent, { type: 'ADDED' | 'MODIFIED' | 'DELETED' }>['object'];

export function addTap(program: Command, world: Surroundings): void {
  addTarget(program.command('tap'))
    .description('print events of connections: Opened, Paired, Left, Closed; connections that live for less than a second may be missing')
    .addOption(
      new Option('--kind <kinds>', `only events of these kinds, separated by commas: ${liveEventTypes.join(', ')}`).argParser(
        oneOf('kind', liveEventTypes),
      ),
    )
    .addOption(
      new Option('--reason <reasons>', 'only connections that use TCP for one of these reasons, separated by commas; see accelctl explain').argParser(
        oneOf('reason', connectionReasonNames),
      ),
    )
    .addOption(new Option('--for <duration>', 'how long to print events, at most 596h').argParser(duration).default(0, 'until Ctrl-C'))
    .addOption(new Option('-o, --output <format>', 'output format').choices(['lines', 'json']).default('lines'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ accelctl tap shop --for 30s\n  $ accelctl tap shop/cart-6d5f --kind Paired,Left\n  $ accelctl tap --reason BlockingReader -o json | jq .pod',
    )
    .action((what: string | undefined, _own, called: Command) => tap(what, called.optsWithGlobals<TapOptions>(), world));
}

async function tap(what: string | undefined, options: TapOptions, world: Surroundings): Promise<void> {
  const target = targetIfAny(what, options.namespace);
  const cluster = world.cluster(options);
  const over = new AbortController();
  const timer = options.for === 0 ? undefined : setTimeout(() => over.abort(), options.for);
  void world.ended().then(() => over.abort());
  const polling = new RetryingPoll({ ...world, nextPoll: async () => (await world.nextPoll()) && !over.signal.aborted });
  const noted = new Set<string>();
  const noteOnce = (text: string): void => {
    if (!noted.has(text)) world.progress.note(text);
    noted.add(text);
  };
  try {
    // The server ends a watch after ten minutes, and when the leader changes: the loop starts the next one.
    do await polling.poll(() => follow(cluster, target, options, { ...world, noteOnce }, over.signal));
    while (!over.signal.aborted && (await world.nextPoll()));
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

async function follow(cluster: Cluster, target: Target | undefined, options: TapOptions, world: World, signal: AbortSignal): Promise<void> {
  for await (const event of eventsOf(cluster, target, signal)) {
    if (event.type === 'BOOKMARK') {
      const { omitted, silentNodes } = event.object;
      // The first bookmark says that the watch has begun; without the note a namespace without events looks like a watch that failed.
      world.noteOnce(`waiting for events${options.for === 0 ? '; press Ctrl-C to end' : ''}`);
      for (const text of silentNodeLines(silentNodes)) world.noteOnce(text);
      if (omitted > 0) world.progress.note(`${omitted} events were dropped because there were too many; name a pod`);
    } else if (event.type === 'ERROR') {
      world.noteOnce(`the watch was ended: ${event.object.message}`);
    } else if (isWanted(event.object, options)) {
      world.print(options.output === 'json' ? JSON.stringify(event.object) : line(event.object, world));
    }
  }
}

function isWanted({ event, reason = '' }: ConnectionEvent, { kind, reason: reasons }: TapOptions): boolean {
  return (kind === undefined || kind.includes(event)) && (reasons === undefined || reasons.includes(reason));
}

function line(connectionEvent: ConnectionEvent, { paint }: Surroundings): string {
  const { event, time, metadata, pod, role, local, remote, original, bytes: sent } = connectionEvent;
  const [from, to] = role === 'Connecting' ? [local, original ?? remote] : [remote, local];
  const counts = event === 'Closed' || event === 'Left' ? ` fast ${bytes(sent.fast)}, TCP ${bytes(sent.tcp)}` : '';
  return `${time.slice(11, 23)} ${event.padEnd(6)} ${metadata.namespace}/${pod} ${from} > ${to} ${stateOf(connectionEvent, paint)}${counts}`;
}

/** A parser of a comma-separated list of known words, in upper or lower case. @throws InvalidArgumentError for an unknown word */
function oneOf<T extends string>(what: string, known: readonly T[]): (text: string) => T[] {
  return (text) =>
    text.split(',').map((word) => {
      const found = known.find((each) => each.toLowerCase() === word.trim().toLowerCase());
      if (found === undefined) throw new InvalidArgumentError(`${word} is no ${what}; the ${what}s are ${known.join(', ')}`);
      return found;
    });
}
