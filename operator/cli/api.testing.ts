// An API server for accelctl's tests: prepared answers by method and path, and a record of the requests.
import { type ApiError, errorOf, type KubeClient, type RequestOptions } from '../kube';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly query?: RequestOptions['query'];
}

export type Answer = unknown;

/** Prepared answers by `METHOD path`: several are given in turn, the last one from then on. A path without an answer gives 404. */
export class FakeApi {
  readonly requests: RecordedRequest[] = [];
  private readonly answers = new Map<string, Answer[]>();

  /** @param answers objects, or errors to throw; `refusal` makes an API server's error */
  on(methodAndPath: string, ...answers: Answer[]): this {
    this.answers.set(methodAndPath, answers);
    return this;
  }

  /** Reads a plain text, such as a log; its answer is prepared under `GET path` too. */
  readonly readText = async (path: string): Promise<string> => String(await this.client.request('GET', path));

  private answerOf(method: string, path: string, { body, query }: RequestOptions): Answer {
    this.requests.push({ method, path, ...(body === undefined ? {} : { body }), ...(query === undefined ? {} : { query }) });
    const answers = this.answers.get(`${method} ${path}`) ?? [refusal(404, { reason: 'NotFound', message: 'not found' })];
    return answers.length > 1 ? answers.shift() : answers[0];
  }

  readonly client: KubeClient = {
    request: (method, path, options = {}) => {
      const answer = this.answerOf(method, path, options);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    // A stream's answer is the list of its lines; the next answer is for the next stream.
    stream: (path, { query = {} }) => linesOf(this.answerOf('STREAM', path, { query })),
  };
}

async function* linesOf(answer: Answer): AsyncGenerator<unknown, void, undefined> {
  if (answer instanceof Error || !Array.isArray(answer)) throw answer;
  yield* await Promise.resolve(answer as unknown[]);
}

/** The error of a request that the API server refuses. @param code HTTP status; 0 for a server that does not answer */
export function refusal(code: number, body: unknown = {}): ApiError {
  return errorOf('GET /', code, body);
}
