// The channel's certificates, verified by Node's TLS.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { controllerName } from '../../api';
import { type ChannelCertificates, createCertificates, issuedFor, renewed } from './channelCertificate';

const now = new Date('2030-01-01T00:00:00Z');
const days = (n: number): Date => new Date(now.getTime() + n * 86_400_000);

test('the server certificate is signed by the authority, and has the name that agents expect and its own key', async () => {
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

test('a server certificate is renewed by the same authority when a third of its validity is left', async () => {
  const made = await createCertificates(now);
  expect(await renewed(made, days(100))).toBeUndefined();
  const next = await renewed(made, days(300));
  expect(next?.ca).toBe(made.ca);
  const server = new X509Certificate(String(next?.certificate));
  expect(server.verify(new X509Certificate(made.ca).publicKey)).toBe(true);
  expect(server.validToDate.getTime()).toBeGreaterThan(days(600).getTime());
});

/** The first changed certificates, tried day by day from a given day. */
async function changed(from: ChannelCertificates, day: number): Promise<{ state: ChannelCertificates; day: number }> {
  for (let at = day; at < day + 4000; at += 1) {
    const state = await renewed(from, days(at));
    if (state !== undefined) return { state, day: at };
  }
  throw new Error('nothing changed in 4000 days');
}

const authorities = (bundle: string): string[] => bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
/** True when one of the authorities in a bundle has signed the server's certificate. */
const trusted = (bundle: string, { certificate }: ChannelCertificates): boolean =>
  authorities(bundle).some((each) => new X509Certificate(certificate).verify(new X509Certificate(each).publicKey));

test('a bundle of authorities that is up to a week old accepts the server, and the newest bundle the previous server certificate', async () => {
  let state = await createCertificates(now);
  let day = 0;
  let bundleOfAWeekAgo = state.ca;
  let readAt = 0;
  const signers = new Set<string>();
  for (; day < 3000; day += 1) {
    const before = state;
    state = (await renewed(state, days(day))) ?? state;
    const [signer = ''] = authorities(state.ca);
    signers.add(signer);
    expect(trusted(bundleOfAWeekAgo, state)).toBe(true);
    expect(trusted(state.ca, before)).toBe(true);
    if (day - readAt >= 6) [bundleOfAWeekAgo, readAt] = [state.ca, day];
  }
  expect(signers.size).toBe(2);
  expect(new X509Certificate(state.ca).validToDate.getTime()).toBeGreaterThan(days(5000).getTime());
  expect(state.nextKey).toBeUndefined();
});

test('a successor is trusted for a week before it signs', async () => {
  const made = await createCertificates(now);
  const server = { ...made, certificate: (await issuedFor(controllerName, made, days(2400))).certificate };
  const { state: introduced, day } = await changed(server, 2433);
  expect(authorities(introduced.ca)).toHaveLength(2);
  expect(introduced.certificate).toBe(server.certificate);
  const { state: signing, day: later } = await changed(introduced, day + 1);
  expect(later - day).toBe(7);
  expect(new X509Certificate(signing.certificate).verify(new X509Certificate(signing.ca).publicKey)).toBe(true);
  expect(authorities(signing.ca)[1]).toBe(authorities(made.ca)[0]);
  const issued = await issuedFor('live.acceleration.svc', signing, days(later));
  expect(new X509Certificate(issued.certificate).verify(new X509Certificate(signing.ca).publicKey)).toBe(true);
});

test('a TLS client that trusts both authorities accepts certificates of either', async () => {
  const born = new Date(Date.now() - 3000 * 86_400_000);
  const old = await createCertificates(born);
  const fresh = { ...old, ...(await issuedFor(controllerName, old, new Date())) };
  const introduced = await renewed(fresh, new Date(Date.now() - 8 * 86_400_000));
  const signing = await renewed(introduced ?? fresh, new Date());
  expect(signing?.certificate).not.toBe(introduced?.certificate);
  for (const pair of [introduced, signing]) {
    const server = createServer({ cert: String(pair?.certificate), key: String(pair?.key) }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket: TLSSocket = connect({
      port: (server.address() as { port: number }).port,
      host: '127.0.0.1',
      servername: controllerName,
      ca: String(introduced?.ca),
    });
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    socket.destroy();
    server.close();
  }
});
