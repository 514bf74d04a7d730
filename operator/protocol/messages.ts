// What may be said on the channel, with its bounds: the zod face of agent.proto. messages.test.ts checks that the two agree.
import { z } from 'zod';
import { type Watch, watch, type Watched, watched } from './live';
import { unpackNames } from './packedNames';
import { line, word } from './text';
import {
  type ConnectionReason,
  connectionReasonNames,
  labelSelector,
  maxConnectionsRange,
  mode,
  type NodeReason,
  nodeReasonNames,
  path,
  spillBytesRange,
} from '../api';

/** Most namespaces in one order or report. */
export const maxNamespaces = 1024;
/** Most problems, connection reasons or gates in one list. */
export const maxTallies = 32;
/** Most characters of a problem's message. */
export const maxProblemLength = 1024;

/** An agent is never silent for longer than this. */
export const maxReportSeconds = 10;

const count = z.int().min(0);
/**
 * A report has hundreds of counters, and a controller reads a thousand reports a second: they are numbers already, as protobuf
 * read them, and `counted` looks at their values in one go, which takes half the time and garbage of a schema for each.
 */
const counter = z.number();

function counted({ value, issues }: z.core.ParsePayload<object>): void {
  for (const [name, found] of Object.entries(value)) {
    if (typeof found === 'number' && !(Number.isSafeInteger(found) && found >= 0)) issues.push({ code: 'custom', path: [name], input: found, message: 'not a count' });
  }
}

const longestName = 63;
const namespaceName = word(longestName).min(1);
const isNodeReason = (name: string): name is NodeReason => (nodeReasonNames as readonly string[]).includes(name);
const isConnectionReason = (name: string): name is ConnectionReason => (connectionReasonNames as readonly string[]).includes(name);

/** Says who speaks. `mapAbi` is the version of the pinned maps. */
export const hello = z.object({
  agentVersion: line(64),
  kernel: line(128),
  architecture: line(32),
  mapAbi: z.uint32(),
  /** It answers Watch. */
  live: z.boolean(),
  /** It reads orders that are told as changes. */
  changes: z.boolean(),
  /** It reads namespaces of orders that are packed. */
  packed: z.boolean(),
});

/** What agents of this release can do; those of earlier ones, of which a field says nothing, cannot. */
export const abilities = { live: true, changes: true, packed: true } as const satisfies Partial<Hello>;

// An agent may be newer than the controller that reads it. A node reason it does not know must not make the node look
// healthy; a connection reason it does not know may be left out, the counts of the namespace still tell.
export const problem = z.object({
  reason: z.string().max(64).transform((name): NodeReason => (isNodeReason(name) ? name : 'AgentNotReady')),
  message: line(maxProblemLength),
});

// What is not known is left out of the list, in `knownReasons`.
const reasonTally = z.object({ reason: z.custom<ConnectionReason>((name) => typeof name === 'string' && name.length <= 64), connections: counter }).check(counted);
type ReasonTally = z.infer<typeof reasonTally>;
const isKnown = ({ reason }: ReasonTally): boolean => isConnectionReason(reason);
const knownReasons = (tallies: ReasonTally[]): ReasonTally[] => (tallies.every(isKnown) ? tallies : tallies.filter(isKnown));

const passTally = z.object({ gate: word(32).min(1), messages: counter }).check(counted);

export const namespaceReport = z.object({
  name: namespaceName,
  podsSelected: counter,
  podsAccelerated: counter,
  open: counter,
  accelerated: counter,
  reasons: z.array(reasonTally).max(maxTallies).overwrite(knownReasons),
  fastBytes: counter,
  tcpBytes: counter,
  passes: z.array(passTally).max(maxTallies),
  draining: counter,
  adopted: counter,
  left: counter,
  nudged: counter,
  unseen: counter,
}).check(counted);

export const report = z.object({
  appliedOrder: count,
  released: z.boolean(),
  problems: z.array(problem).max(maxTallies),
  namespaces: z.array(namespaceReport).max(maxNamespaces),
  joinedSockets: count,
  drainingSockets: count,
  errors: count,
});

/** What `read` makes of a value that travels in another form; what it throws at is refused as `problem`. */
function readBy<T>(read: (sent: T) => unknown, problem: string): (sent: T, context: z.RefinementCtx) => unknown {
  return (sent, context) => {
    try {
      return read(sent);
    } catch {
      context.addIssue({ code: 'custom', message: problem });
      return z.NEVER;
    }
  };
}

/** The selector travels as JSON, so that the proto need not repeat a Kubernetes type. */
const selectorJson = z
  .string()
  .max(512 * 1024) // the largest that the resource's schema lets through, and half of a message
  .transform(readBy((text) => JSON.parse(text) as unknown, 'not JSON'))
  .pipe(labelSelector);

const namespaceNames = z.array(namespaceName).max(maxNamespaces);

const packedNames = z
  .instanceof(Uint8Array)
  .transform(readBy((bytes) => unpackNames(bytes, maxNamespaces * (longestName + 1)), 'not packed names'))
  .pipe(namespaceNames);

export const order = z.object({
  revision: count,
  mode,
  paths: z.array(path).max(2),
  maxConnections: z.int().min(maxConnectionsRange.min).max(maxConnectionsRange.max),
  spillBytes: z.int().min(spillBytesRange.min).max(spillBytesRange.max),
  namespaces: namespaceNames,
  podSelector: selectorJson,
  remove: z.boolean(),
  reportSeconds: z.int().min(0).max(maxReportSeconds),
});

/**
 * An order as it travels: whole, or with `namespaces` as changes since the order of revision `since`. `packed` are the namespaces of a
 * whole one, for those who read them so; `namespaces` is empty then.
 */
export const orderMessage = order.extend({ since: count, added: namespaceNames, removed: namespaceNames, packed: packedNames });

/** A token of the API server is about a kilobyte. */
export const renewal = z.object({ token: z.string().min(1).max(16_384) });

export type Hello = z.infer<typeof hello>;
export type Problem = z.infer<typeof problem>;
export type NamespaceReport = z.infer<typeof namespaceReport>;
export type Report = z.infer<typeof report>;
/** `podSelector` is parsed already; `namespaces` are the selected ones by name. */
export type Order = z.infer<typeof order>;
export type OrderMessage = z.infer<typeof orderMessage>;

/** `undefined` is a message of a kind this side does not know yet: to be ignored. */
export type FromAgent =
  | { readonly message: 'hello'; readonly hello: Hello }
  | { readonly message: 'report'; readonly report: Report }
  | { readonly message: 'renewal'; readonly renewal: z.infer<typeof renewal> }
  | { readonly message: 'watched'; readonly watched: Watched }
  | { readonly message?: undefined };
export type FromController =
  | { readonly message: 'order'; readonly order: OrderMessage }
  | { readonly message: 'watch'; readonly watch: Watch }
  | { readonly message?: undefined };

export const fromAgent = z.discriminatedUnion('message', [
  z.object({ message: z.literal('hello'), hello }),
  z.object({ message: z.literal('report'), report }),
  z.object({ message: z.literal('renewal'), renewal }),
  z.object({ message: z.literal('watched'), watched }),
  z.object({ message: z.undefined().optional() }),
]);
export const fromController = z.discriminatedUnion('message', [
  z.object({ message: z.literal('order'), order: orderMessage }),
  z.object({ message: z.literal('watch'), watch }),
  z.object({ message: z.undefined().optional() }),
]);
