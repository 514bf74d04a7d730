// The log of controller and agent: one JSON object per line on standard output.
import { createLogger, format, type Logger, transports } from 'winston';
import { oneLine } from '../api';

export type Log = Logger;

/** The key under which winston's formats store the text to be written. */
const written = Symbol.for('message');

/** JSON escapes only C0 control characters. This escapes the other characters that could act on the reader's terminal the same way. */
const oneLineOfJson = format.printf((info) => oneLine(String(info[written])));

/**
 * A log that writes messages of `level` and above.
 * @param defaults fields of every line: the part that logs, and its node or pod
 */
export function createLog(level: string, defaults: Readonly<Record<string, string>>): Log {
  return createLogger({
    level,
    defaultMeta: defaults,
    format: format.combine(format.timestamp(), format.errors({ stack: true }), format.json(), oneLineOfJson),
    transports: [new transports.Console()],
  });
}
