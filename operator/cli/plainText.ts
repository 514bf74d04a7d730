// Reads answers that the API server gives as plain text and not as JSON: the logs of containers.
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { errorLine } from '../base';
import { connectionOf, errorOf, ApiError, type KubeConfig, type Query } from '../kube';

/** @param mostBytes the end of a longer text is given, after a line that says so; without it the text may have any length */
export type ReadText = (path: string, query: Query, mostBytes?: number) => Promise<string>;

const timeoutMs = 15_000;

/** @returns a function that reads a path within 15 s. @throws ApiError, with code 0 when there is no answer */
export function textReader(config: KubeConfig): ReadText {
  const connection = connectionOf(config);
  return async (path, query, mostBytes = Number.POSITIVE_INFINITY) => {
    const url = new URL(connection.server + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const options = { ...(await connection.options()), timeout: timeoutMs, signal: AbortSignal.timeout(timeoutMs) };
    const get = url.protocol === 'http:' ? httpGet : httpsGet;
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => get(url, options, resolve).on('error', reject));
      const text = await endOf(response, mostBytes);
      const code = response.statusCode ?? 0;
      if (code >= 400) throw errorOf(`GET ${path}`, code, statusOf(text));
      return text;
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError(`GET ${path}: ${errorLine(error)}`, 0, '');
    }
  };
}

/** The last bytes of a text. No more than twice as many are in memory. */
async function endOf(source: AsyncIterable<Buffer>, mostBytes: number): Promise<string> {
  let [chunks, kept, dropped]: [Buffer[], number, number] = [[], 0, 0];
  const cut = (): void => {
    const end = Buffer.concat(chunks).subarray(-mostBytes);
    dropped += kept - end.length;
    [chunks, kept] = [[end], end.length];
  };
  for await (const chunk of source) {
    chunks.push(chunk);
    kept += chunk.length;
    if (kept >= 2 * mostBytes) cut();
  }
  if (kept > mostBytes) cut();
  const text = Buffer.concat(chunks).toString('utf8');
  return dropped === 0 ? text : `[the first ${dropped} bytes are left out]\n${text}`;
}

/** An error is a Status in JSON, also on a path that gives plain text. */
function statusOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
