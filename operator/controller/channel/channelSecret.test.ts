// The Secret over the years, with a fake API server that stores it.
import { X509Certificate } from 'node:crypto';
import { errorOf, type KubeClient, type RequestOptions } from '../../kube';
import { ChannelSecret } from './channelSecret';

const owner = { apiVersion: 'v1', kind: 'Service', name: 'controller', uid: 'u' } as const;
let stored: Record<string, string> | undefined;
let version = 0;
let now: Date;

const client = {
  request: (method: string, _path: string, { body }: RequestOptions = {}): Promise<unknown> => {
    if (method !== 'GET') {
      // As at the API server, a PUT replaces the whole object.
      stored = Object.fromEntries(
        Object.entries((body as { stringData: Record<string, string> }).stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
      );
      version += 1;
    }
    if (stored === undefined) return Promise.reject(errorOf('GET /', 404, { reason: 'NotFound' }));
    return Promise.resolve({ metadata: { resourceVersion: String(version) }, data: stored });
  },
} as unknown as KubeClient;

const secret = (): ChannelSecret => new ChannelSecret(client, 'acceleration', 'channel', {}, () => now);

beforeEach(() => {
  stored = undefined;
  version = 0;
  now = new Date('2030-01-01T00:00:00Z');
});

const later = (days: number): Date => new Date(Date.UTC(2030, 0, 1) + days * 86_400_000);

test('valid certificates are read and not written again', async () => {
  const made = await secret().ensure(owner);
  expect(await secret().ensure(owner)).toEqual(made);
  expect(version).toBe(1);
});

test('the Secret keeps a successor and its key across changes of leader, until it signs', async () => {
  const made = await secret().ensure(owner);
  now = later(2500);
  const introduced = await secret().ensure(owner);
  expect(Object.keys(stored ?? {}).sort()).toEqual(['ca.crt', 'ca.key', 'next.key', 'tls.crt', 'tls.key']);
  expect(introduced.ca).toContain(made.ca.trim());
  now = later(2508);
  const signing = await secret().ensure(owner);
  expect(signing.caKey).toBe(introduced.nextKey);
  expect(Object.keys(stored ?? {}).sort()).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
  expect(new X509Certificate(signing.certificate).verify(new X509Certificate(signing.ca).publicKey)).toBe(true);
  expect(await secret().ensure(owner)).toEqual(signing);
});
