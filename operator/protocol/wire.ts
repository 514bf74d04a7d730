// Encodes and decodes messages: loads agent.proto once, and validates every received message with its schema.
import { join } from 'node:path';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import type { z } from 'zod';
import { errorMessage } from '../base';
import { elementCheck } from './elements';
import { type FromAgent, fromAgent, type FromController, fromController, type OrderMessage } from './messages';
import { packNames } from './packedNames';

// Errors are reported by callbacks and logged once; grpc-js would also write them to the console.
setLogVerbosity(logVerbosity.NONE);

/** Most bytes of one message in either direction: ten times what a report of 1024 namespaces needs in practice. */
export const maxMessageBytes = 1024 * 1024;
/** Most bytes of an agent's first message. Hello has some hundred. */
export const maxHelloBytes = 4096;

/** The definitions of agent.proto. 64-bit integers become numbers, which are exact up to 2^53; the schemas refuse larger ones. */
export const definitions = loadSync(join(__dirname, 'agent.proto'), {
  longs: Number,
  defaults: true,
  arrays: true,
  oneofs: true,
});

/** A received message, or in one line why the bytes are not a valid message. */
export type Incoming<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

const connect = method();

/** HTTP/2 path of the service's only method. */
export const connectPath = connect.path;

export function encodeFromAgent(message: FromAgent): Buffer {
  return connect.requestSerialize(message);
}

export function encodeFromController(message: FromController): Buffer {
  if (message.message === undefined) return connect.responseSerialize({});
  if (message.message === 'watch') return connect.responseSerialize({ watch: message.watch });
  return encodedOrder(message.order);
}

/** Encoded orders: the same order goes to every agent of the cluster, so it is encoded once. */
const orders = new WeakMap<OrderMessage, Buffer>();

function encodedOrder(order: OrderMessage): Buffer {
  const known = orders.get(order);
  if (known !== undefined) return known;
  const bytes = connect.responseSerialize({ order: { ...order, podSelector: JSON.stringify(order.podSelector), packed: packNames(order.packed) } });
  orders.set(order, bytes);
  return bytes;
}

/** Decodes a message of an agent. Never throws: the caller refuses and logs a malformed message. */
export function decodeFromAgent(bytes: Buffer): Incoming<FromAgent> {
  return decode(() => connect.requestDeserialize(bytes), tooManyFromAgent(bytes), fromAgent);
}

export function decodeFromController(bytes: Buffer): Incoming<FromController> {
  return decode(() => connect.responseDeserialize(bytes), tooManyFromController(bytes), fromController);
}

const tooManyFromAgent = elementCheck(definitions, 'FromAgent', fromAgent);
const tooManyFromController = elementCheck(definitions, 'FromController', fromController);

/** @param tooMany why the bytes must not be read */
function decode<T>(read: () => unknown, tooMany: string | undefined, schema: z.ZodType<T>): Incoming<T> {
  if (tooMany !== undefined) return { ok: false, problem: tooMany };
  let message: unknown;
  try {
    message = read();
  } catch (error) {
    return { ok: false, problem: `not a protobuf message: ${errorMessage(error)}` };
  }
  const result = schema.safeParse(message);
  if (result.success) return { ok: true, value: result.data };
  const [issue] = result.error.issues;
  return { ok: false, problem: issue === undefined ? 'invalid' : `${issue.path.join('.')}: ${issue.message}` };
}

function method(): ServiceDefinition[string] {
  const service = definitions['acceleration.v1.AgentChannel'];
  if (service === undefined || isMessage(service)) throw new Error('agent.proto has no service acceleration.v1.AgentChannel');
  const found = (service as ServiceDefinition)['Connect'];
  if (found === undefined) throw new Error('agent.proto has no method AgentChannel.Connect');
  return found;
}

function isMessage(definition: (typeof definitions)[string]): definition is MessageTypeDefinition<object, object> {
  return 'format' in definition;
}
