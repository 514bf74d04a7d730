// By what a connection is told apart from all others of its port, while it is open.
export interface End {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** `address:port`, as grpc-js writes it too. Undefined once the other end is gone. */
export function peerOf({ remoteAddress, remotePort }: End): string | undefined {
  return remoteAddress === undefined || remotePort === undefined ? undefined : `${remoteAddress}:${remotePort}`;
}

export function addressOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(':'));
}
