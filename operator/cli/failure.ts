// Turns an error of a request to the API server into one line: the operation, the problem and the next step.
import { errorLine } from '../base';
import { ApiError } from '../kube';
import { Failure } from './exit';

/** What a request to the API server was for. */
export interface Operation {
  /** The first word of the message: reading, switching, deleting. */
  readonly doing: string;
  /** The object's name as in `kubectl get`: `namespaces/shop`. */
  readonly object: string;
  /** The verb that a role has to grant for the request. */
  readonly verb: string;
  /** Set when the object is namespaced. */
  readonly namespace?: string;
}

/** @param server address of the API server, for the message */
export function failureOf(error: unknown, operation: Operation, server: string): Failure {
  if (error instanceof Failure) return error;
  const { problem, next } = diagnosis(error, operation, server);
  return new Failure(`${operation.doing} ${operation.object}: ${problem}; ${next}`, undefined, error);
}

/** Whether the same request may succeed a moment later: the API server did not answer, was too busy (429) or failed (5xx). */
export function isTransient(error: unknown): boolean {
  const cause = error instanceof Failure ? error.cause : error;
  return cause instanceof ApiError && (cause.code === 0 || cause.code === 429 || cause.code >= 500);
}

interface Diagnosis {
  readonly problem: string;
  readonly next: string;
}

function diagnosis(error: unknown, { object, verb, namespace }: Operation, server: string): Diagnosis {
  const code = error instanceof ApiError ? error.code : 0;
  switch (code) {
    case 0:
      return { problem: `${server} cannot be reached: ${reasonOf(error)}`, next: 'check the cluster and the kubeconfig' };
    case 401:
      return { problem: `${server} does not accept these credentials`, next: 'log in again or choose another --context' };
    case 403:
      return {
        problem: `this user may not ${verb} ${object}`,
        next: `ask for the verb ${verb} on ${object.split('/')[0]}${namespace === undefined ? '' : ` in namespace ${namespace}`}`,
      };
    case 404:
      return missing(error, object, namespace);
    case 409:
      return { problem: 'another client has changed it in between', next: 'read it again and repeat the change' };
    case 400:
    case 422:
      return refused(error);
    default:
      // The API server answers 500 with this text when server-side apply finds an unknown field.
      if (errorLine(error).includes('field not declared in schema')) return refused(error);
      return {
        problem: `${server} answered with status ${code}: ${reasonOf(error)}`,
        next: 'try again; if the error persists, look at the log of the API server',
      };
  }
}

function refused(error: unknown): Diagnosis {
  return {
    problem: `the API server refuses it: ${reasonOf(error)}`,
    next: 'correct the field that it names; if that field should exist, the CRD is older than this accelctl: see accelctl doctor',
  };
}

/** The error's message without the client's prefix, that is, without the request and the HTTP status. */
export function reasonOf(error: unknown): string {
  return errorLine(error)
    .replace(/^(GET|POST|PUT|PATCH|DELETE) \S+( as a stream)?: /, '')
    .replace(/^HTTP \d+:? ?/, '');
}

/** The next step for a cluster without a resource. */
export const howToBegin = 'accelctl on --select istio-injection=enabled, or: kubectl apply -f docs/examples/default.yaml';

/** The API server answers 404 with a plain text for an unknown resource type, and with a Status for a missing object. */
function missing(error: unknown, object: string, namespace: string | undefined): Diagnosis {
  if (namespace !== undefined)
    return { problem: `there is no such object in namespace ${namespace}`, next: `see kubectl -n ${namespace} get ${object.split('/')[0]}` };
  if (object.startsWith('namespaces/')) return { problem: 'there is no such namespace', next: 'see kubectl get namespaces' };
  if (errorLine(error).includes('404 page not found')) {
    return {
      problem: 'the cluster does not know this resource type',
      next: 'install the chart: helm install sidecar-acceleration charts/sidecar-acceleration',
    };
  }
  return { problem: 'there is no such resource, so nothing is accelerated', next: `to accelerate: ${howToBegin}` };
}
