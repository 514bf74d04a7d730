// The public face of what nodes may say.
export { Claims } from './claims';
export { mostOpenEnds, type PodsByNamespace } from './judge';
export { PodLookup } from './lookup';
