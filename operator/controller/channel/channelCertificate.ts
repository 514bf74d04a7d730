// The certificates of the agent channel: an authority of our own and a server certificate of it, by @peculiar/x509.
import 'reflect-metadata'; // @peculiar/x509 looks for it when it is loaded
import { webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import { BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { controllerName } from '../../api';

/** All PEM. */
export interface ChannelCertificates {
  /** Whom agents and the API server trust: first the authority that signs, then the one that will, and those that did. */
  readonly ca: string;
  /** Of the first. */
  readonly caKey: string;
  /** Of the one that will sign; undefined while there is none. */
  readonly nextKey?: string | undefined;
  readonly certificate: string;
  readonly key: string;
}

const dayMs = 86_400_000;
const authorityDays = 3650;
const serverDays = 365;
/** A server certificate is replaced when a third of its life is left. */
const renewBeforeMs = (serverDays / 3) * dayMs;
/** An authority has a successor when a third of its life is left: a cluster may be off for years, and every agent must know it before. */
const succeedBeforeMs = (authorityDays / 3) * dayMs;
/** So long a new authority is trusted before it signs. Agents read whom they trust at every connect, from a file that a kubelet renews within minutes. */
const introduceMs = 7 * dayMs;
/** Clocks of nodes differ. */
const backdateMs = 3_600_000;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export async function createCertificates(now: Date): Promise<ChannelCertificates> {
  const { ca, caKey } = await createAuthority(now);
  return { ca, caKey, ...(await issueServer(ca, await importPrivate(caKey), now)) };
}

async function createAuthority(now: Date): Promise<Pick<ChannelCertificates, 'ca' | 'caKey'>> {
  const keys = await newKeys();
  const authority = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // Two authorities of one name and different keys are told apart by some verifiers only.
    name: `CN=sidecar-acceleration channel ${now.toISOString().slice(0, 10)}`,
    ...validity(now, authorityDays),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
  });
  return { ca: `${authority.toString('pem')}\n`, caKey: await privatePem(keys.privateKey) };
}

/**
 * What is to be in force now, where that is something else: a new server certificate when the one there is about to expire, and a new
 * authority long before the old one ends. Nobody is ever without an authority that he knows: the new one is trusted for a week before it
 * signs, and the old one until it expires.
 */
export async function renewed(current: ChannelCertificates, now: Date): Promise<ChannelCertificates | undefined> {
  const succeeded = await succeed(current, now);
  const { certificate, ca, caKey } = succeeded;
  const isGood = remainingMs(certificate, now) > renewBeforeMs && new NodeCertificate(certificate).verify(new NodeCertificate(ca).publicKey);
  if (isGood) return succeeded === current ? undefined : succeeded;
  return { ...succeeded, ...(await issueServer(ca, await importPrivate(caKey), now)) };
}

/** The authorities' part of it: introduces a successor, or has it sign. */
async function succeed(current: ChannelCertificates, now: Date): Promise<ChannelCertificates> {
  const [signing = current.ca, ...others] = authoritiesOf(current.ca);
  if (current.nextKey === undefined) {
    if (remainingMs(signing, now) > succeedBeforeMs) return current;
    const { ca, caKey } = await createAuthority(now);
    return { ...current, ca: [signing, ca, ...others].join(''), nextKey: caKey };
  }
  const [next, ...former] = others;
  const isIntroduced = next !== undefined && now.getTime() - new NodeCertificate(next).validFromDate.getTime() >= introduceMs;
  // Of one that has expired meanwhile (the cluster was off for years) nothing is accepted any more: there is nobody to wait for.
  if (next === undefined || (!isIntroduced && remainingMs(signing, now) > 0)) return current;
  const stillGood = [signing, ...former].filter((each) => remainingMs(each, now) > 0);
  return { ...current, ca: [next, ...stillGood].join(''), caKey: current.nextKey, nextKey: undefined };
}

/** The certificates of a bundle, each with the newline that ends it. */
function authoritiesOf(bundle: string): string[] {
  return (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) => `${pem}\n`);
}

function remainingMs(certificate: string, now: Date): number {
  return new NodeCertificate(certificate).validToDate.getTime() - now.getTime();
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
