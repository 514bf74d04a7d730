// The key of a connection among those of one port: the client's address and port, unique while the connection is open.
export interface RemoteEnd {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** `address:port`, the same form that grpc-js's getPeer() has. Undefined when the socket is already disconnected. */
export function peerOf({ remoteAddress, remotePort }: RemoteEnd): string | undefined {
  return remoteAddress === undefined || remotePort === undefined ? undefined : `${remoteAddress}:${remotePort}`;
}

/** The address of a key of `peerOf`. */
export function addressOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(':'));
}
