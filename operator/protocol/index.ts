// What other folders import from the channel between agents and controller.
export { Allowance, type Rate } from './allowance';
export * from './client';
export { limitConnecting } from './connecting';
export type { CertificatePair } from './certificate';
export * from './live';
export * from './messages';
export * from './server';
export { NotAuthenticated, Refused } from './refused';
export type { AgentSession, SessionHandlers } from './session';
export { maxMessageBytes } from './wire';
