// The server certificate of the channel, which can be replaced while the server runs.
import { createSecureContext } from 'node:tls';
import type { experimental } from '@grpc/grpc-js';
import { errorMessage } from '../base';

/** A certificate and its private key, both in PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

type Provider = experimental.CertificateProvider;
type Listener = experimental.IdentityCertificateUpdateListener;

/** Gives grpc-js the current certificate. Connections that begin after `use` get the new one. */
export class ServerCertificate implements Provider {
  private readonly listeners = new Set<Listener>();
  private update: experimental.IdentityCertificateUpdate;

  constructor(pair: CertificatePair) {
    this.update = readPair(pair);
  }

  /** Replaces the pair. @throws Error when it is not a certificate with its key; the old pair then stays */
  use(pair: CertificatePair): void {
    this.update = readPair(pair);
    for (const listener of this.listeners) listener(this.update);
  }

  // grpc-js adds its listener before the listener can be called (server-credentials.ts, _addWatcher), so it is called in a microtask.
  addIdentityCertificateListener(listener: Listener): void {
    this.listeners.add(listener);
    queueMicrotask(() => {
      if (this.listeners.has(listener)) listener(this.update);
    });
  }

  removeIdentityCertificateListener(listener: Listener): void {
    this.listeners.delete(listener);
  }

  // Agents authenticate by tokens and not by client certificates, so there is no CA for them.
  addCaCertificateListener(): void {}
  removeCaCertificateListener(): void {}
}

function readPair({ certificate, key }: CertificatePair): experimental.IdentityCertificateUpdate {
  try {
    createSecureContext({ cert: certificate, key });
  } catch (error) {
    throw new Error(`read the channel's certificate and key: ${errorMessage(error)}`);
  }
  return { certificate: Buffer.from(certificate), privateKey: Buffer.from(key) };
}
