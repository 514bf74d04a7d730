// The public face of the Kubernetes mechanism.
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
