// What other folders import from rollouts.
export { type KubePod, kubePod, revisionOf } from './agentPod';
export { EventWriter } from './eventWriter';
export { type KubeNode, kubeNode } from './kubeNode';
export { MemoryStore } from './memoryStore';
export { leftOut } from './observe';
export { type Fleet, type Plan, Rollout } from './rollout';
export { byReason } from './statusOf';
