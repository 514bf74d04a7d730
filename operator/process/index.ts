// What controller and agent have in common as long-running processes: log, probes, metrics and memory settings.
export * from './countedLog';
export * from './frugalMemory';
export * from './health';
export * from './log';
export * from './warnings';
