// The credentials of a cluster: a certificate authority, the API server's certificate, and a token for each component.
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { frontProxyFlags } from '../support/frontProxy';
import { run } from '../../../release/tools/command';
import { apiServiceAddress, controlAddress, servicePort } from './addresses';

/** The paths of the files that components start with. */
export interface Identities {
  readonly authority: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly serviceAccountKey: string;
  readonly tokens: string;
  /** The API server's flags for aggregated APIs. */
  readonly aggregation: readonly string[];
  /** Path of the kubeconfig of a component; its address is reachable only inside the cluster's network. */
  kubeconfig(component: string): string;
  /** The administrator's token. */
  readonly adminToken: string;
}

interface Identity {
  readonly name: string;
  readonly user: string;
  readonly group: string;
}

const components: readonly Identity[] = [
  { name: 'admin', user: 'admin', group: 'system:masters' },
  { name: 'controller-manager', user: 'system:kube-controller-manager', group: 'system:authenticated' },
  { name: 'scheduler', user: 'system:kube-scheduler', group: 'system:authenticated' },
  { name: 'kube-proxy', user: 'system:kube-proxy', group: 'system:authenticated' },
];

const elliptic = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes all keys, certificates, tokens and kubeconfigs of a cluster with the given nodes below `directory`. */
export async function makeIdentities(directory: string, nodes: readonly string[]): Promise<Identities> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = (name: string): string => join(directory, name);
  await makeCertificates(directory);
  const identities = [...components, ...nodes.map((name) => ({ name, user: `system:node:${name}`, group: 'system:nodes' }))];
  const tokens = new Map(identities.map(({ name }) => [name, randomBytes(16).toString('hex')]));
  const lines = identities.map(({ name, user, group }) => `${tokens.get(name)},${user},uid-${name},${group}\n`);
  await writeFile(path('tokens.csv'), lines.join(''));
  for (const [name, token] of tokens) {
    const server = `https://${controlAddress}:${servicePort}`;
    await writeFile(path(`${name}.kubeconfig`), kubeconfig(server, path('ca.crt'), token));
  }
  return {
    authority: path('ca.crt'),
    serverCertificate: path('api.crt'),
    serverKey: path('api.key'),
    serviceAccountKey: path('service-account.key'),
    tokens: path('tokens.csv'),
    aggregation: await frontProxyFlags(directory),
    kubeconfig: (component) => path(`${component}.kubeconfig`),
    adminToken: tokens.get('admin') ?? '',
  };
}

/** The text of a kubeconfig for one server and user, as JSON, which is valid YAML. */
export function kubeconfig(server: string, authority: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'demo', cluster: { server, 'certificate-authority': authority } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'user' } }],
    'current-context': 'demo',
  });
}

async function makeCertificates(directory: string): Promise<void> {
  const openssl = (...args: string[]): Promise<string> => run('openssl', args, { cwd: directory });
  // The API server derives the public key from this file, and for elliptic curves it can read only the SEC 1 form, not PKCS 8.
  await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'service-account.key');
  await openssl('req', '-x509', ...elliptic, '-days', '30', '-subj', '/CN=cluster-ca', '-keyout', 'ca.key', '-out', 'ca.crt');
  await openssl('req', ...elliptic, '-subj', '/CN=kube-apiserver', '-keyout', 'api.key', '-out', 'api.csr');
  await writeFile(join(directory, 'api.ext'), `subjectAltName=${serverNames.join(',')}\n`);
  const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
  await openssl('x509', '-req', '-days', '30', '-in', 'api.csr', ...authority, '-out', 'api.crt', '-extfile', 'api.ext');
}

const serverNames = [
  'DNS:kubernetes',
  'DNS:kubernetes.default',
  'DNS:kubernetes.default.svc',
  `IP:${apiServiceAddress}`,
  `IP:${controlAddress}`,
  'IP:127.0.0.1',
];
