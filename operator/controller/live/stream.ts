// Streams a watch of connections: a line of JSON for each event, until its time is over, the client disconnects or the controller stops leading.
import type { ServerResponse } from 'node:http';
import type { LiveEvent, SilentNode } from '../../api';
import { aborted } from '../../kube';
import { eventsOf } from './objects';
import type { Answer, Questions } from './questions';
import type { LiveRequest } from './request';

export interface StreamParts {
  readonly questions: Pick<Questions, 'follow'>;
  readonly now: () => Date;
}

/** Most bytes that wait for a slow client; events beyond that are dropped and counted. */
const maxWaitingBytes = 1024 * 1024;
/** Milliseconds between two bookmarks, which show the client that the stream is alive. */
const bookmarkMs = 10_000;

/** Writes events to the response; resolves when the watch is over. */
export async function streamEvents(response: ServerResponse, { watchMs, ...scope }: LiveRequest, { questions, now }: StreamParts): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  response.once('close', end);
  const timers = [setTimeout(end, watchMs), setInterval(() => bookmark(), bookmarkMs)];
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
  response.end();
}
