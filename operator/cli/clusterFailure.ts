// Turns what the client library throws into one line with the next step.
import { z } from 'zod';
import { Failure } from './exit';

const apiError = z.looseObject({ code: z.int(), body: z.unknown() });
const networkError = z.looseObject({ cause: z.looseObject({ code: z.string().optional(), message: z.string().optional() }) });

/** The API server's status code in an error of the client library, if it has one. */
export function statusCodeOf(error: unknown): number | undefined {
  const result = apiError.safeParse(error);
  return result.success ? result.data.code : undefined;
}

/**
 * @param object what was being read, as `kubectl get` would name it
 * @param server address of the API server
 */
export function failureOf(error: unknown, object: string, server: string): Failure {
  const { problem, next } = diagnosis(error, object, server);
  return new Failure(`reading ${object}: ${problem}; ${next}`);
}

interface Diagnosis {
  readonly problem: string;
  readonly next: string;
}

function diagnosis(error: unknown, object: string, server: string): Diagnosis {
  switch (statusCodeOf(error)) {
    case undefined:
      return unreachable(error, server);
    case 401:
      return { problem: `${server} does not accept these credentials`, next: 'log in again or choose another --context' };
    case 403:
      return { problem: `this user may not get ${object}`, next: `ask for the verb get on ${object.split('/')[0]}` };
    case 404:
      return missing(error, object);
    default:
      return { problem: `${server} answered with status ${statusCodeOf(error)}: ${messageOf(error)}`, next: 'try again, and look at the API server if it stays so' };
  }
}

function unreachable(error: unknown, server: string): Diagnosis {
  const result = networkError.safeParse(error);
  const cause = result.success ? (result.data.cause.code ?? result.data.cause.message) : undefined;
  const words = cause ?? (error instanceof Error ? error.message : String(error));
  return { problem: `${server} cannot be reached: ${words}`, next: 'check the cluster and the kubeconfig' };
}

/** The API server answers in plain text for a resource type it does not know, and with a Status for an object. */
function missing(error: unknown, object: string): Diagnosis {
  if (object.startsWith('namespaces/')) return { problem: 'there is no such namespace', next: 'see kubectl get namespaces' };
  if (messageOf(error).includes('404 page not found')) {
    return { problem: 'the cluster does not know this resource type', next: 'install the chart: helm install sidecar-acceleration charts/sidecar-acceleration' };
  }
  return { problem: 'there is no such resource, so nothing is accelerated', next: 'apply one: kubectl apply -f docs/examples/default.yaml' };
}

const statusBody = z.looseObject({ message: z.string() });

function messageOf(error: unknown): string {
  const result = apiError.safeParse(error);
  const body = result.success ? result.data.body : undefined;
  if (typeof body === 'string') return jsonMessage(body) ?? body.trim();
  const status = statusBody.safeParse(body);
  return status.success ? status.data.message : String(body);
}

function jsonMessage(text: string): string | undefined {
  try {
    const status = statusBody.safeParse(JSON.parse(text));
    return status.success ? status.data.message : undefined;
  } catch {
    return undefined;
  }
}
