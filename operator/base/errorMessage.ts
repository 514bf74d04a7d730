// The text of a value that was thrown.

/** The message of an Error; any other value as a string. */
export function errorMessage(error: unknown): string {
  // Not by `instanceof`: errors of Node's own modules belong to another realm when the code runs in a vm context, as under jest.
  return String(typeof error === 'object' && error !== null && 'message' in error ? error.message : error);
}

/** The same on one line, for a log or a status: every run of white space becomes a space. */
export function errorLine(error: unknown): string {
  return errorMessage(error).replace(/\s+/g, ' ').trim();
}
