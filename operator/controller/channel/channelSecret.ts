// Keeps the channel's certificates in a Secret, so that every replica of the controller uses the same authority.
import { z } from 'zod';
import { isNotFound, type KubeClient } from '../../kube';
import { type ChannelCertificates, createCertificates, renewed } from './channelCertificate';
import type { OwnService } from './service';

const base64 = z
  .string()
  .min(1)
  .transform((text) => Buffer.from(text, 'base64').toString('utf8'));
const secret = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  data: z.object({ 'ca.crt': base64, 'ca.key': base64, 'next.key': base64.optional(), 'tls.crt': base64, 'tls.key': base64 }),
});

export class ChannelSecret {
  constructor(
    private readonly client: KubeClient,
    private readonly namespace: string,
    private readonly name: string,
    private readonly labels: Readonly<Record<string, string>>,
    private readonly now: () => Date,
  ) {}

  /**
   * Reads the certificates, creates them when there are none, and renews them before they expire.
   * @param owner owner of the Secret, so that uninstalling deletes the keys
   * @throws ApiError, and Error when the Secret has other content
   */
  async ensure(owner: OwnService['owner']): Promise<ChannelCertificates> {
    const found = await this.read();
    if (found === undefined) return this.create(owner);
    const next = await renewed(found.certificates, this.now());
    if (next === undefined) return found.certificates;
    await this.write('PUT', `${this.collection}/${this.name}`, next, { ownerReferences: [owner], resourceVersion: found.resourceVersion });
    return next;
  }

  private get collection(): string {
    return `/api/v1/namespaces/${this.namespace}/secrets`;
  }

  private async read(): Promise<{ certificates: ChannelCertificates; resourceVersion: string } | undefined> {
    try {
      const { metadata, data } = secret.parse(await this.client.request('GET', `${this.collection}/${this.name}`));
      const certificates = {
        ca: data['ca.crt'],
        caKey: data['ca.key'],
        nextKey: data['next.key'],
        certificate: data['tls.crt'],
        key: data['tls.key'],
      };
      return { certificates, resourceVersion: metadata.resourceVersion };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (error instanceof z.ZodError)
        throw new Error(`read Secret ${this.namespace}/${this.name}: it has not the expected keys; delete it, and the controller creates a new one`, {
          cause: error,
        });
      throw error;
    }
  }

  private async create(owner: OwnService['owner']): Promise<ChannelCertificates> {
    const certificates = await createCertificates(this.now());
    await this.write('POST', this.collection, certificates, { ownerReferences: [owner] });
    return certificates;
  }

  private async write(
    method: 'POST' | 'PUT',
    path: string,
    { ca, caKey, nextKey, certificate, key }: ChannelCertificates,
    more: object,
  ): Promise<void> {
    const metadata = { name: this.name, namespace: this.namespace, labels: this.labels, ...more };
    const stringData = {
      'ca.crt': ca,
      'ca.key': caKey,
      ...(nextKey === undefined ? {} : { 'next.key': nextKey }),
      'tls.crt': certificate,
      'tls.key': key,
    };
    await this.client.request(method, path, { body: { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata, stringData } });
  }
}
