// Functions that every part of the operator may use, and that depend on no other part.
export * from './backoff';
export * from './errorMessage';
