// Creates and renews the certificates of the agents' channel with @peculiar/x509: a certificate authority, and a server certificate of it.
import 'reflect-metadata'; // @peculiar/x509 requires it when it is loaded
import { webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { controllerName } from '../../api';

/** Certificates and keys in PEM. */
export interface ChannelCertificates {
  /** The authorities that agents and the API server trust: first the one that signs, then its successor, then former ones. */
  readonly ca: string;
  /** Key of the first authority. */
  readonly caKey: string;
  /** Key of the successor; undefined while there is none. */
  readonly nextKey?: string | undefined;
  readonly certificate: string;
  readonly key: string;
}

const dayMs = 86_400_000;
const authorityDays = 3650;
const serverDays = 365;
/** A server certificate is renewed when a third of its validity is left. */
const renewBeforeMs = (serverDays / 3) * dayMs;
/** A successor is created when a third of the authority's validity is left: a cluster may be off for years, and every agent must get it in time. */
const succeedBeforeMs = (authorityDays / 3) * dayMs;
/** How long a successor is trusted before it signs. Agents read the authorities at each connect, from a file that the kubelet updates in minutes. */
const introduceMs = 7 * dayMs;
/** notBefore is this much earlier, because clocks of nodes differ. */
const backdateMs = 3_600_000;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A new authority and its server certificate. */
export async function createCertificates(now: Date): Promise<ChannelCertificates> {
  const { ca, caKey } = await createAuthority(now);
  return { ca, caKey, ...(await issueServer(ca, await importPrivate(caKey), now)) };
}

async function createAuthority(now: Date): Promise<Pick<ChannelCertificates, 'ca' | 'caKey'>> {
  const keys = await newKeys();
  const authority = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // The name has the date, because not every verifier distinguishes two authorities with one name and different keys.
    name: `CN=sidecar-acceleration channel ${now.toISOString().slice(0, 10)}`,
    ...validity(now, authorityDays),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
  });
  return { ca: `${authority.toString('pem')}\n`, caKey: await privatePem(keys.privateKey) };
}

/**
 * The certificates to use from now on; undefined when the current ones stay. A server certificate is renewed before it expires, an authority
 * gets a successor long before that. The successor is trusted for a week before it signs, and the former authority until it expires, so that
 * every agent always trusts the authority that signs.
 */
export async function renewed(current: ChannelCertificates, now: Date): Promise<ChannelCertificates | undefined> {
  const succeeded = await succeed(current, now);
  const { certificate, ca, caKey } = succeeded;
  const isGood = remainingMs(certificate, now) > renewBeforeMs && new NodeCertificate(certificate).verify(new NodeCertificate(ca).publicKey);
  if (isGood) return succeeded === current ? undefined : succeeded;
  return { ...succeeded, ...(await issueServer(ca, await importPrivate(caKey), now)) };
}

/** Adds a successor to the authorities, or lets it sign when it has been trusted for a week. */
async function succeed(current: ChannelCertificates, now: Date): Promise<ChannelCertificates> {
  const [signing = current.ca, ...others] = authoritiesOf(current.ca);
  if (current.nextKey === undefined) {
    if (remainingMs(signing, now) > succeedBeforeMs) return current;
    const { ca, caKey } = await createAuthority(now);
    return { ...current, ca: [signing, ca, ...others].join(''), nextKey: caKey };
  }
  const [next, ...former] = others;
  const isIntroduced = next !== undefined && now.getTime() - new NodeCertificate(next).validFromDate.getTime() >= introduceMs;
  // When the signing authority has expired (the cluster was off for years), no certificate of it is accepted, so the successor signs at once.
  if (next === undefined || (!isIntroduced && remainingMs(signing, now) > 0)) return current;
  const stillGood = [signing, ...former].filter((each) => remainingMs(each, now) > 0);
  return { ...current, ca: [next, ...stillGood].join(''), caKey: current.nextKey, nextKey: undefined };
}

/** The certificates of a bundle, each with its final newline. */
function authoritiesOf(bundle: string): string[] {
  return (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) => `${pem}\n`);
}

function remainingMs(certificate: string, now: Date): number {
  return new NodeCertificate(certificate).validToDate.getTime() - now.getTime();
}

/** A server certificate of the signing authority for another name. It is not stored. */
export async function issuedFor(name: string, { ca, caKey }: ChannelCertificates, now: Date): Promise<{ certificate: string; key: string }> {
  return issueServer(ca, await importPrivate(caKey), now, name);
}

async function issueServer(ca: string, caKey: webcrypto.CryptoKey, now: Date, name = controllerName): Promise<{ certificate: string; key: string }> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // A common name has at most 64 characters (RFC 5280). Verifiers use the subject alternative name.
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

/** Sixteen random bytes with the first bit 0, because a serial number must be positive (RFC 5280, 4.1.2.2). */
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
