// The messages of agent.proto as zod schemas, with bounds for every field. messages.test.ts checks that both have the same fields.
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
export const maxCounts = 32;
/** Most characters of a problem's message. */
export const maxProblemLength = 1024;

/** The longest time between two reports of an agent, in seconds. */
export const maxReportSeconds = 10;

const count = z.int().min(0);
/**
 * A counter in a report. A report has hundreds of counters, and a controller reads a thousand reports a second. Protobuf has already made
 * them numbers, and `counted` checks all counters of an object at once, in half the time and garbage of a schema for each.
 */
const counter = z.number();

function counted({ value, issues }: z.core.ParsePayload<object>): void {
  for (const [name, found] of Object.entries(value)) {
    if (typeof found !== 'number' || (Number.isSafeInteger(found) && found >= 0)) continue;
    issues.push({ code: 'custom', path: [name], input: found, message: 'not a whole number from 0 to 2^53 - 1' });
  }
}

const longestName = 63;
const namespaceName = word(longestName).min(1);
const isNodeReason = (name: string): name is NodeReason => (nodeReasonNames as readonly string[]).includes(name);
const isConnectionReason = (name: string): name is ConnectionReason => (connectionReasonNames as readonly string[]).includes(name);

/** The first message of an agent. `mapAbi` is the version of the pinned maps. */
export const hello = z.object({
  agentVersion: line(64),
  kernel: line(128),
  architecture: line(32),
  mapAbi: z.uint32(),
  /** The agent answers Watch. */
  live: z.boolean(),
  /** The agent reads orders that are sent as changes. */
  changes: z.boolean(),
  /** The agent reads compressed namespaces of orders. */
  packed: z.boolean(),
});

/** The abilities of agents of this release. A field that an earlier agent does not send is false. */
export const abilities = { live: true, changes: true, packed: true } as const satisfies Partial<Hello>;

// The agent may be newer than the controller. A node reason that the controller does not know must not make the node look healthy, so it
// becomes AgentNotReady. A connection reason that it does not know is left out; the counters of the namespace are still complete.
export const problem = z.object({
  reason: z
    .string()
    .max(64)
    .transform((name): NodeReason => (isNodeReason(name) ? name : 'AgentNotReady')),
  message: line(maxProblemLength),
});

// `knownReasons` removes reasons that this release does not know.
const reasonCount = z
  .object({ reason: z.custom<ConnectionReason>((name) => typeof name === 'string' && name.length <= 64), connections: counter })
  .check(counted);
type ReasonCount = z.infer<typeof reasonCount>;
const isKnown = ({ reason }: ReasonCount): boolean => isConnectionReason(reason);
const knownReasons = (counts: ReasonCount[]): ReasonCount[] => (counts.every(isKnown) ? counts : counts.filter(isKnown));

const gateCount = z.object({ gate: word(32).min(1), messages: counter }).check(counted);

export const namespaceReport = z
  .object({
    name: namespaceName,
    podsSelected: counter,
    podsAccelerated: counter,
    open: counter,
    accelerated: counter,
    reasons: z.array(reasonCount).max(maxCounts).overwrite(knownReasons),
    fastBytes: counter,
    tcpBytes: counter,
    passes: z.array(gateCount).max(maxCounts),
    draining: counter,
    adopted: counter,
    left: counter,
    woken: counter,
    unseen: counter,
  })
  .check(counted);

export const report = z.object({
  appliedOrder: count,
  released: z.boolean(),
  problems: z.array(problem).max(maxCounts),
  namespaces: z.array(namespaceReport).max(maxNamespaces),
  joinedSockets: count,
  drainingSockets: count,
  errors: count,
});

/** A zod transform by `read`, for a value that is encoded in its message. When `read` throws, the value is refused with `problem`. */
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

/** The selector is sent as JSON, so that agent.proto does not have to repeat a Kubernetes type. */
const selectorJson = z
  .string()
  .max(512 * 1024) // more than the largest selector of the resource's schema, and half of a message
  .transform(readBy((text) => JSON.parse(text) as unknown, 'not JSON'))
  .pipe(labelSelector);

const namespaceNames = z.array(namespaceName).max(maxNamespaces);

const packedNames = z
  .instanceof(Uint8Array)
  .transform(readBy((bytes) => unpackNames(bytes, maxNamespaces * (longestName + 1)), 'not a list of names in raw DEFLATE'))
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
 * An order as it is sent: whole, or with changes of the namespaces since the order with revision `since`. `packed` are the namespaces of a
 * whole order for agents that read compressed names; `namespaces` is empty then.
 */
export const orderMessage = order.extend({ since: count, added: namespaceNames, removed: namespaceNames, packed: packedNames });

/** A token of the API server has about a kilobyte. */
export const renewal = z.object({ token: z.string().min(1).max(16_384) });

export type Hello = z.infer<typeof hello>;
export type Problem = z.infer<typeof problem>;
export type NamespaceReport = z.infer<typeof namespaceReport>;
export type Report = z.infer<typeof report>;
/** An order after decoding: `podSelector` is parsed, and `namespaces` has the names of all selected namespaces. */
export type Order = z.infer<typeof order>;
export type OrderMessage = z.infer<typeof orderMessage>;

/** A message from an agent. `undefined` stands for a kind of message that this release does not know; the receiver ignores it. */
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
