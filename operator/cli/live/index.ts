// The commands that show live data.
export { addConnections } from './connections';
export { addTap } from './tap';
export { addTop } from './top';
