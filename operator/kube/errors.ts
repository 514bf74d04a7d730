// What an API server answers when it does not do what was asked, as one typed error.
import { z } from 'zod';

/** An answer of the API server that is a refusal, or no answer at all. The message is one line: doing, what, why. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    /** HTTP status; 0 when there was no answer: refused, reset, timed out. */
    readonly code: number,
    /** `reason` of the Status that was answered, as in NotFound, Conflict, Expired; empty when there was none. */
    readonly reason: string,
    /** Milliseconds the server asks to wait, by Retry-After or by the details of its Status. */
    readonly retryAfterMs: number | undefined = undefined,
  ) {
    super(message.replace(/\s+/g, ' ').trim());
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.code === 404;

/** Somebody else wrote first (optimistic concurrency), or owns the field (server-side apply). */
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.code === 409;

/** The resource version or continue token is no longer known: only a new list helps. */
export const isExpired = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone');

/** What went wrong in one line, for the log of whoever met it. */
export function messageOf(error: unknown): string {
  // Not by `instanceof`: what Node's own modules throw belongs to another realm wherever code runs in a vm context.
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return String(message).replace(/\s+/g, ' ').trim();
}

const status = z.looseObject({
  message: z.string().default(''),
  reason: z.string().default(''),
  details: z.looseObject({ retryAfterSeconds: z.number().nonnegative().optional() }).optional(),
});

/**
 * Reads a Status object; anything else becomes an error that shows the beginning of the answer.
 * @param doing names the request: "GET /api/v1/nodes"
 * @param retryAfter the header of that name, seconds or an HTTP date
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
