// Errors of requests to the API server, and which of them are worth another try.
import { z } from 'zod';

/** The API server refused a request or did not answer. The message is one line: the request, and what is wrong. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    /** HTTP status; 0 when there was no answer, because the connection was refused or reset or the time was over. */
    readonly code: number,
    /** `reason` of the answered Status, such as NotFound, Conflict or Expired; empty when there was none. */
    readonly reason: string,
    /** Milliseconds that the server asks the client to wait, by Retry-After or by the details of its Status. */
    readonly retryAfterMs: number | undefined = undefined,
  ) {
    super(message.replace(/\s+/g, ' ').trim());
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.code === 404;

/** Another client wrote first (optimistic concurrency), or owns the field (server-side apply). */
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.code === 409;

/** The server no longer knows the resource version or the continue token; the client must list again. */
export const isExpired = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone');

/** The server does not take the object: its fields are invalid, or an admission policy denies it (422). */
export const isInvalid = (error: unknown): error is ApiError => error instanceof ApiError && error.code === 422;

/** An error that another try cannot cure: the object itself is wrong. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/**
 * Statuses with which the server answers the same request again until an object or a right changes: an invalid request (400), a missing
 * right, an exceeded quota or an admission policy (403), an unsupported method or content type (405, 415), an invalid object (422).
 */
const terminalCodes: readonly number[] = [400, 403, 405, 415, 422];

/** True when a repeated try is of no use before something has changed. */
export const isTerminal = (error: unknown): boolean =>
  error instanceof TerminalError || (error instanceof ApiError && terminalCodes.includes(error.code));

const status = z.looseObject({
  message: z.string().default(''),
  reason: z.string().default(''),
  details: z.looseObject({ retryAfterSeconds: z.number().nonnegative().optional() }).optional(),
});

/**
 * The error for an answer with status 400 or above. An answer that is no Status object is quoted, 200 characters at most.
 * @param doing the request, as in "GET /api/v1/nodes"
 * @param retryAfter the header Retry-After: seconds or an HTTP date
 */
export function errorOf(doing: string, code: number, answer: unknown, retryAfter?: string): ApiError {
  const read = status.safeParse(answer);
  const fromHeader = waitOf(retryAfter);
  if (!read.success) return new ApiError(`${doing}: HTTP ${code}: ${textOf(answer).slice(0, 200)}`, code, '', fromHeader);
  const { message, reason, details } = read.data;
  const fromDetails = details?.retryAfterSeconds === undefined ? undefined : details.retryAfterSeconds * 1000;
  const why = [reason, message || (reason ? '' : textOf(answer).slice(0, 200))].filter((part) => part !== '').join(': ');
  return new ApiError(`${doing}: HTTP ${code} ${why}`, code, reason, fromHeader ?? fromDetails);
}

function waitOf(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  const seconds = Number(retryAfter);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function textOf(answer: unknown): string {
  return typeof answer === 'string' ? answer : (JSON.stringify(answer) ?? '');
}
