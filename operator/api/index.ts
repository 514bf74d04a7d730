// The public face of the API package.
export * from './bounds';
export * from './capabilities';
export * from './constants';
export * from './crd';
export * from './labelSelector';
export * from './live';
export * from './productVersion';
export * from './reasons';
export * from './resource';
export * from './share';
export * from './spec';
export * from './status';
