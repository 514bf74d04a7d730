// An API server needs a client certificate to pass requests on to an aggregated API, which recognises the front proxy by it.
// https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testAuthority } from '../../../operator/protocol/certificates.testing';

const name = 'front-proxy-client';

/** Makes the certificate in `directory`; returns the API server's flags. */
export async function frontProxyFlags(directory: string): Promise<string[]> {
  const authority = testAuthority();
  const { certificate, key } = authority.issue(name);
  const path = (file: string): string => join(directory, `front-proxy-${file}`);
  for (const [file, text] of [
    ['ca.crt', authority.ca],
    ['client.crt', certificate],
    ['client.key', key],
  ] as const)
    await writeFile(path(file), text, { mode: 0o600 });
  return [
    `--requestheader-client-ca-file=${path('ca.crt')}`,
    `--proxy-client-cert-file=${path('client.crt')}`,
    `--proxy-client-key-file=${path('client.key')}`,
    `--requestheader-allowed-names=${name}`,
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
  ];
}
