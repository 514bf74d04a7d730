// Streams a watch of connections: a line of JSON for each event, until its time is over, the client disconnects or the controller stops leading.
import type { ServerResponse } from 'node:http';
import type { LiveEvent, SilentNode } from '../../api';
import { aborted } from '../../kube';
import { eventsOf } from './objects';
import type { Answer, Questions } from './questions';
import type { Refusal } from './refusal';
import type { LiveRequest } from './request';

export interface StreamParts {
  readonly questions: Pick<Questions, 'follow'>;
  readonly now: () => Date;
  /** Resolves when the response is closed. */
  readonly closed: Promise<void>;
  /** Aborted, with a Refusal, when another request got the place of this one. */
  readonly lost: AbortSignal;
  /** Resolves with the reason when the user has lost the right to the watch; undefined when the signal is aborted. */
  readonly withdrawal: (signal: AbortSignal) => Promise<Refusal | undefined>;
}

/** Most bytes that wait for a slow client; events beyond that are dropped and counted. */
const maxWaitingBytes = 1024 * 1024;
/** Milliseconds between two bookmarks, which show the client that the stream is alive. */
const bookmarkMs = 10_000;

/** Writes events to the response; resolves when the watch is over. A watch that is ended early says why in its last line. */
export async function streamEvents(response: ServerResponse, { watchMs, ...scope }: LiveRequest, parts: StreamParts): Promise<void> {
  const { questions, now, closed, lost } = parts;
  const over = new AbortController();
  let why: Refusal | undefined;
  const end = (refusal?: Refusal): void => {
    why ??= refusal;
    over.abort();
  };
  void closed.then(() => end());
  lost.addEventListener('abort', () => end(lost.reason as Refusal), { once: true });
  void parts.withdrawal(over.signal).then(end);
  const timers = [setTimeout(() => end(), watchMs), setInterval(() => bookmark(), bookmarkMs)];
  let omitted = 0;
  const say = (line: LiveEvent): void => {
    if (response.writableLength > maxWaitingBytes) omitted++;
    else response.write(`${JSON.stringify(line)}\n`);
  };
  const bookmark = (...silentNodes: SilentNode[]): void => {
    const counted = omitted;
    omitted = 0;
    say({ type: 'BOOKMARK', object: { silentNodes, omitted: counted } });
  };
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  bookmark();
  const onAnswer = (answer: Answer): void => {
    omitted += answer.watched.omitted;
    for (const event of eventsOf(answer, now().toISOString())) say(event);
  };
  questions.follow(scope, { onAnswer, onSilent: (node) => bookmark(node) }, over.signal);
  await aborted(over.signal);
  timers.forEach((timer) => clearTimeout(timer));
  if (why === undefined) return void response.end();
  // Whoever does not read gets nothing more of what waits: it takes memory, or shows what the user may no longer see.
  if (response.writableLength > 0) return void response.destroy();
  say({ type: 'ERROR', object: why.status });
  response.end();
}
