// The log of a long-running part: one JSON object a line on standard output.
import { createLogger, format, type Logger, transports } from 'winston';
import { oneLine } from '../api';

export type Log = Logger;

/** Where winston's formats leave what is to be written. */
const written = Symbol.for('message');

/** JSON escapes C0 only; what else could steer the terminal of whoever reads the log is escaped the same way. */
const oneLineOfJson = format.printf((info) => oneLine(String(info[written])));

/** `defaults` stand in every line: which part speaks, and of which node or pod. */
export function createLog(level: string, defaults: Readonly<Record<string, string>>): Log {
  return createLogger({
    level,
    defaultMeta: defaults,
    format: format.combine(format.timestamp(), format.errors({ stack: true }), format.json(), oneLineOfJson),
    transports: [new transports.Console()],
  });
}
