// The public face of the rollout's decisions.
export type { RolloutMemory } from './memory';
export type { AgentEvidence, AgentPod, RolloutNode } from './node';
export type { RolloutPolicy } from './policy';
export { type RolloutInput, type RolloutProgress, type RolloutStage, type RolloutStep, step } from './step';
