// What every long-running part of the product has in common.
export * from './frugalMemory';
export * from './health';
export * from './log';
