// The server certificate of the channel.
import { createSecureContext } from 'node:tls';
import { errorMessage } from '../base';

/** A certificate and its private key, both in PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

/** The pair as node:tls takes it. @throws Error when it is not a certificate with its key */
export function readPair({ certificate, key }: CertificatePair): { readonly cert: string; readonly key: string } {
  try {
    createSecureContext({ cert: certificate, key });
  } catch (error) {
    throw new Error(`read the channel's certificate and key: ${errorMessage(error)}`);
  }
  return { cert: certificate, key };
}
