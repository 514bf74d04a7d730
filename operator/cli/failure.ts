// Turns what the API server answers, or does not answer, into one line with the next step.
import { errorLine } from '../base';
import { ApiError } from '../kube';
import { Failure } from './exit';

/** What was asked of the API server. */
export interface Asked {
  /** In the user's words: reading, switching, deleting. */
  readonly doing: string;
  /** As `kubectl get` would name it: `namespaces/shop`. */
  readonly object: string;
  /** The verb that a role would have to grant. */
  readonly verb: string;
  /** Of an object that lives in one. */
  readonly namespace?: string;
}

/** @param server address of the API server */
export function failureOf(error: unknown, asked: Asked, server: string): Failure {
  if (error instanceof Failure) return error;
  const { problem, next } = diagnosis(error, asked, server);
  return new Failure(`${asked.doing} ${asked.object}: ${problem}; ${next}`, undefined, error);
}

/** Of an API server that does not answer, or not now: the same question may be answered in a moment. */
export function mayPass(error: unknown): boolean {
  const cause = error instanceof Failure ? error.cause : error;
  return cause instanceof ApiError && (cause.code === 0 || cause.code === 429 || cause.code >= 500);
}

interface Diagnosis {
  readonly problem: string;
  readonly next: string;
}

function diagnosis(error: unknown, { object, verb, namespace }: Asked, server: string): Diagnosis {
  const code = error instanceof ApiError ? error.code : 0;
  switch (code) {
    case 0:
      return { problem: `${server} cannot be reached: ${reasonOf(error)}`, next: 'check the cluster and the kubeconfig' };
    case 401:
      return { problem: `${server} does not accept these credentials`, next: 'log in again or choose another --context' };
    case 403:
      return { problem: `this user may not ${verb} ${object}`, next: `ask for the verb ${verb} on ${object.split('/')[0]}${namespace === undefined ? '' : ` in namespace ${namespace}`}` };
    case 404:
      return missing(error, object, namespace);
    case 409:
      return { problem: 'somebody has changed it meanwhile', next: 'look again, and decide again' };
    case 400:
    case 422:
      return refused(error);
    default:
      // So server-side apply says that a field is unknown.
      if (errorLine(error).includes('field not declared in schema')) return refused(error);
      return { problem: `${server} answered with status ${code}: ${reasonOf(error)}`, next: 'try again, and look at the API server if it stays so' };
  }
}

function refused(error: unknown): Diagnosis {
  return { problem: `the API server refuses it: ${reasonOf(error)}`, next: 'correct what it names; if it names a field that should exist, the CRD is older than this accelctl: see accelctl doctor' };
}

/** Without what the client puts before it: the request, and the status that has been judged already. */
export function reasonOf(error: unknown): string {
  return errorLine(error).replace(/^(GET|POST|PUT|PATCH|DELETE) \S+( as a stream)?: /, '').replace(/^HTTP \d+:? ?/, '');
}

/** Where there is no resource. */
export const howToBegin = 'accelctl on --select istio-injection=enabled, or: kubectl apply -f docs/examples/default.yaml';

/** The API server answers in plain text for a resource type it does not know, and with a Status for an object. */
function missing(error: unknown, object: string, namespace: string | undefined): Diagnosis {
  if (namespace !== undefined) return { problem: `there is no such object in namespace ${namespace}`, next: `see kubectl -n ${namespace} get ${object.split('/')[0]}` };
  if (object.startsWith('namespaces/')) return { problem: 'there is no such namespace', next: 'see kubectl get namespaces' };
  if (errorLine(error).includes('404 page not found')) {
    return { problem: 'the cluster does not know this resource type', next: 'install the chart: helm install sidecar-acceleration charts/sidecar-acceleration' };
  }
  return { problem: 'there is no such resource, so nothing is accelerated', next: `to accelerate: ${howToBegin}` };
}
