// The server certificate of the channel, replaceable while the server runs.
import { createSecureContext } from 'node:tls';
import type { experimental } from '@grpc/grpc-js';

/** PEM texts. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

type Provider = experimental.CertificateProvider;
type Listener = experimental.IdentityCertificateUpdateListener;

/** Hands grpc-js the pair in force; new connections use a replaced one at once. */
export class ServerCertificate implements Provider {
  private readonly listeners = new Set<Listener>();
  private update: experimental.IdentityCertificateUpdate;

  constructor(pair: CertificatePair) {
    this.update = readPair(pair);
  }

  /** Throws, and keeps the old pair, when the new one is not a certificate and its key. */
  use(pair: CertificatePair): void {
    this.update = readPair(pair);
    for (const listener of this.listeners) listener(this.update);
  }

  // grpc-js registers itself before it is ready to listen (server-credentials.ts, _addWatcher): answer a moment later.
  addIdentityCertificateListener(listener: Listener): void {
    this.listeners.add(listener);
    queueMicrotask(() => {
      if (this.listeners.has(listener)) listener(this.update);
    });
  }

  removeIdentityCertificateListener(listener: Listener): void {
    this.listeners.delete(listener);
  }

  // Agents show tokens, not certificates: there is no CA to hand out.
  addCaCertificateListener(): void {}
  removeCaCertificateListener(): void {}
}

function readPair({ certificate, key }: CertificatePair): experimental.IdentityCertificateUpdate {
  try {
    createSecureContext({ cert: certificate, key });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`reading the channel's certificate and key: ${why}`);
  }
  return { certificate: Buffer.from(certificate), privateKey: Buffer.from(key) };
}
