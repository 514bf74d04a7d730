// The agent's log: one JSON object a line on standard output.
import { createLogger, format, type Logger, transports } from 'winston';

export type Log = Logger;

export function createLog(level: string, node: string): Log {
  return createLogger({
    level,
    defaultMeta: { component: 'agent', node },
    format: format.combine(format.timestamp(), format.errors({ stack: true }), format.json()),
    transports: [new transports.Console()],
  });
}
