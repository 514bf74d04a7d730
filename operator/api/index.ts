// The public face of the API package.
export * from './constants';
export * from './labelSelector';
export * from './reasons';
export * from './resource';
export * from './share';
export * from './spec';
export * from './status';
