// The certificates of the agent channel: an authority of our own and a server certificate of it, by @peculiar/x509.
import 'reflect-metadata'; // @peculiar/x509 looks for it when it is loaded
import { webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import { BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { controllerName } from '../api';

/** All PEM. */
export interface ChannelCertificates {
  readonly ca: string;
  readonly caKey: string;
  readonly certificate: string;
  readonly key: string;
}

const dayMs = 86_400_000;
const authorityDays = 3650;
const serverDays = 365;
/** A server certificate is replaced when a third of its life is left. */
const renewBeforeMs = (serverDays / 3) * dayMs;
/** Clocks of nodes differ. */
const backdateMs = 3_600_000;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export async function createCertificates(now: Date): Promise<ChannelCertificates> {
  const keys = await newKeys();
  const authority = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=sidecar-acceleration channel',
    ...validity(now, authorityDays),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
  });
  const ca = authority.toString('pem');
  const caKey = await privatePem(keys.privateKey);
  return { ca, caKey, ...(await issueServer(ca, keys.privateKey, now)) };
}

/** A new server certificate when the one there is about to expire; undefined while it is good. */
export async function renewed(current: ChannelCertificates, now: Date): Promise<ChannelCertificates | undefined> {
  if (new NodeCertificate(current.certificate).validToDate.getTime() - now.getTime() > renewBeforeMs) return undefined;
  const caKey = await importPrivate(current.caKey);
  return { ...current, ...(await issueServer(current.ca, caKey, now)) };
}

/** A server certificate of the same authority for another name; nobody keeps it. */
export async function issuedFor(name: string, { ca, caKey }: ChannelCertificates, now: Date): Promise<{ certificate: string; key: string }> {
  return issueServer(ca, await importPrivate(caKey), now, name);
}

async function issueServer(ca: string, caKey: webcrypto.CryptoKey, now: Date, name = controllerName): Promise<{ certificate: string; key: string }> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // RFC 5280: a common name has at most 64 characters; the name that counts is the alternative one.
    subject: `CN=${controllerName}`,
    issuer: new NodeCertificate(ca).issuer.replaceAll('\n', ', '),
    ...validity(now, serverDays),
    signingAlgorithm: algorithm,
    signingKey: caKey,
    publicKey: keys.publicKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await privatePem(keys.privateKey) };
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now.getTime() - backdateMs), notAfter: new Date(now.getTime() + days * dayMs) };
}

/** Sixteen random bytes with a clear first bit: a positive number, as RFC 5280 (4.1.2.2) wants. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(Buffer.alloc(16));
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString('hex');
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

function importPrivate(pem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}
