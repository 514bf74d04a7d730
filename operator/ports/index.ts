// Bounds for ports that any client in the cluster can reach: which connections are admitted, and what unauthenticated ones may cost.
export * from './admission';
export * from './fairPlaces';
export * from './peer';
