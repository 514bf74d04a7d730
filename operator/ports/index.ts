// Ports that anybody in the cluster can reach: who is heard there, and how much those may take who have not shown who they are.
export * from './admission';
export * from './fairPlaces';
export * from './peer';
