// An API server as accelctl's tests need it: answers by method and path, and a record of what was asked.
import { type ApiError, errorOf, type KubeClient, type RequestOptions } from '../kube';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly query?: RequestOptions['query'];
}

export type Answer = unknown;

/** Answers of an API server by `METHOD path`; the last of several is given again and again. What has no answer is not found. */
export class FakeApi {
  readonly asked: Asked[] = [];
  private readonly answers = new Map<string, Answer[]>();

  /** @param answers objects, or errors to be thrown; `refusal` makes those of an API server */
  on(methodAndPath: string, ...answers: Answer[]): this {
    this.answers.set(methodAndPath, answers);
    return this;
  }

  /** Texts, as logs are, by the same names. */
  readonly readText = async (path: string): Promise<string> => String(await this.client.request('GET', path));

  private answerOf(method: string, path: string, { body, query }: RequestOptions): Answer {
    this.asked.push({ method, path, ...(body === undefined ? {} : { body }), ...(query === undefined ? {} : { query }) });
    const answers = this.answers.get(`${method} ${path}`) ?? [refusal(404, { reason: 'NotFound', message: 'not found' })];
    return answers.length > 1 ? answers.shift() : answers[0];
  }

  readonly client: KubeClient = {
    request: (method, path, options = {}) => {
      const answer = this.answerOf(method, path, options);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    // Of a stream an answer is the list of its lines; the next answer is that of the next stream.
    stream: (path, { query = {} }) => linesOf(this.answerOf('STREAM', path, { query })),
  };
}

async function* linesOf(answer: Answer): AsyncGenerator<unknown, void, undefined> {
  if (answer instanceof Error || !Array.isArray(answer)) throw answer;
  yield* await Promise.resolve(answer as unknown[]);
}

/** What an API server says when it refuses. */
export function refusal(code: number, body: unknown = {}): ApiError {
  return errorOf('GET /', code, body);
}
