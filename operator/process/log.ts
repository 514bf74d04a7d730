// The log of a long-running part: one JSON object a line on standard output.
import { createLogger, format, type Logger, transports } from 'winston';

export type Log = Logger;

/** `defaults` stand in every line: which part speaks, and of which node or pod. */
export function createLog(level: string, defaults: Readonly<Record<string, string>>): Log {
  return createLogger({
    level,
    defaultMeta: defaults,
    format: format.combine(format.timestamp(), format.errors({ stack: true }), format.json()),
    transports: [new transports.Console()],
  });
}
