// The channel's certificates, judged by Node's own TLS.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createCertificates, renewed } from './channelCertificate';

const now = new Date('2030-01-01T00:00:00Z');
const days = (n: number): Date => new Date(now.getTime() + n * 86_400_000);

test('the server certificate is signed by the authority, for the name agents expect and its own key', async () => {
  const made = await createCertificates(now);
  const authority = new X509Certificate(made.ca);
  const server = new X509Certificate(made.certificate);
  expect(authority.ca).toBe(true);
  expect(server.ca).toBe(false);
  expect(server.checkIssued(authority)).toBe(true);
  expect(server.verify(authority.publicKey)).toBe(true);
  expect(server.checkHost('sidecar-acceleration-controller')).toBe('sidecar-acceleration-controller');
  expect(server.checkPrivateKey(createPrivateKey(made.key))).toBe(true);
});

test('a server certificate is renewed by the same authority before it expires, and not earlier', async () => {
  const made = await createCertificates(now);
  expect(await renewed(made, days(100))).toBeUndefined();
  const next = await renewed(made, days(300));
  expect(next?.ca).toBe(made.ca);
  const server = new X509Certificate(String(next?.certificate));
  expect(server.verify(new X509Certificate(made.ca).publicKey)).toBe(true);
  expect(server.validToDate.getTime()).toBeGreaterThan(days(600).getTime());
});
