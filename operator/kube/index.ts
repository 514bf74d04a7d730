// What other folders import from the Kubernetes client: requests, election, reflectors and the work queue.
export * from './aborted';
export * from './apply';
export * from './client';
export * from './clock';
export * from './config';
export * from './election';
export * from './errors';
export * from './guard';
export * from './kinds';
export * from './queue';
export * from './reflector';
