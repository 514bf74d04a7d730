// For tests: a CA and server certificates that it has signed, made by openssl.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificatePair } from './certificate';

export interface TestAuthority {
  /** PEM. */
  readonly ca: string;
  issue(serverName: string): CertificatePair;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];

export function testAuthority(): TestAuthority {
  const { certificate: ca, key } = inDirectory((files) => {
    openssl(['req', '-x509', ...newKey, '-keyout', files.key, '-out', files.certificate, '-days', '1', '-subj', '/CN=test CA']);
  });
  return {
    ca,
    issue: (serverName) =>
      inDirectory((files, directory) => {
        const issuer = { certificate: join(directory, 'ca.crt'), key: join(directory, 'ca.key') };
        writeFileSync(issuer.certificate, ca);
        writeFileSync(issuer.key, key);
        openssl([
          'req',
          '-x509',
          ...newKey,
          '-keyout',
          files.key,
          '-out',
          files.certificate,
          '-days',
          '1',
          '-subj',
          `/CN=${serverName}`,
          '-CA',
          issuer.certificate,
          '-CAkey',
          issuer.key,
          '-addext',
          `subjectAltName=DNS:${serverName}`,
          '-addext',
          'basicConstraints=critical,CA:FALSE',
        ]);
      }),
  };
}

function inDirectory(make: (files: CertificatePair, directory: string) => void): CertificatePair {
  const directory = mkdtempSync(join(tmpdir(), 'test-authority-'));
  const files = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') };
  try {
    make(files, directory);
    return { certificate: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
