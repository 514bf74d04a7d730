// Everything that other folders import from operator/api.
export * from './bounds';
export * from './capabilities';
export * from './constants';
export * from './crd';
export * from './injectors';
export * from './labelSelector';
export * from './live';
export * from './nodeKinds';
export * from './podTraits';
export * from './productVersion';
export { scalarOf } from './quantity';
export * from './reasons';
export * from './resource';
export * from './runtimeSockets';
export * from './share';
export * from './spec';
export * from './status';
export * from './text';
