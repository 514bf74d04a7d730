// What other folders import for checking reports against the node's own pods.
export { Claims } from './claims';
export { mostOpenEnds, type PodsByNamespace } from './judge';
export { PodLookup } from './lookup';
