// The check of the published Node.js, with the real tar and gpgv. A small server in this test with its own key stands for the publisher.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPublishedNode, type PublishedNodeOptions } from '../../../release/image/publishedNode/check';

const name = 'node-v24.0.0-linux-x64';
let directory: string;
let publisher: Server;
let options: PublishedNodeOptions;

const gpg = (...words: string[]): void =>
  void execFileSync('gpg', ['--homedir', join(directory, 'gpg'), '--batch', '--quiet', '--passphrase', '', '--pinentry-mode', 'loopback', ...words], {
    cwd: directory,
    stdio: 'pipe',
  });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'publisher-'));
  mkdirSync(join(directory, 'gpg'), { mode: 0o700 });
  mkdirSync(join(directory, name, 'bin'), { recursive: true });
  writeFileSync(join(directory, name, 'bin', 'node'), 'as published');
  writeFileSync(join(directory, 'shipped'), 'as published');
  execFileSync('tar', ['--create', '--xz', `--file=${name}.tar.xz`, name], { cwd: directory });
  const sum = createHash('sha256')
    .update(readFileSync(join(directory, `${name}.tar.xz`)))
    .digest('hex');
  writeFileSync(join(directory, 'SHASUMS256.txt'), `${'0'.repeat(64)}  node-v24.0.0.tar.gz\n${sum}  ${name}.tar.xz\n`);
  publisher = createServer((request, response) => {
    try {
      response.end(readFileSync(join(directory, String(request.url).replace('/v24.0.0/', ''))));
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await once(publisher, 'listening');
  options = {
    mirror: `http://127.0.0.1:${(publisher.address() as { port: number }).port}`,
    version: '24.0.0',
    architecture: 'x64',
    binary: join(directory, 'shipped'),
  };
});

afterEach(() => {
  publisher.close();
  publisher.closeAllConnections();
  execFileSync('gpgconf', ['--homedir', join(directory, 'gpg'), '--kill', 'all']);
  rmSync(directory, { recursive: true });
});

test('the node binary of the publisher’s archive passes the check', async () => {
  await checkPublishedNode(options);
});

test('a node binary that differs from the archive fails the check, and so does an archive that differs from SHASUMS256.txt', async () => {
  writeFileSync(options.binary, 'with something added');
  await expect(checkPublishedNode(options)).rejects.toThrow(/is not the program of node-v24\.0\.0-linux-x64\.tar\.xz .*; do not ship it$/);
  writeFileSync(join(directory, `${name}.tar.xz`), 'another');
  await expect(checkPublishedNode(options)).rejects.toThrow("is not what its publisher's SHASUMS256.txt says");
});

test('with a keyring only checksums with a releaser’s signature are accepted', async () => {
  gpg('--quick-gen-key', 'releaser@example.test', 'ed25519', 'sign', 'never');
  gpg('--output', 'keys.gpg', '--export');
  gpg('--clearsign', '--output', 'SHASUMS256.txt.asc', 'SHASUMS256.txt');
  const signed = { ...options, keyring: join(directory, 'keys.gpg') };
  await checkPublishedNode(signed);
  const forged = readFileSync(join(directory, 'SHASUMS256.txt.asc'), 'utf8').replace('0000', '1111');
  writeFileSync(join(directory, 'SHASUMS256.txt.asc'), forged);
  await expect(checkPublishedNode(signed)).rejects.toThrow('gpgv');
});

test('when the mirror cannot be reached the error has its address and says what to do', async () => {
  await expect(checkPublishedNode({ ...options, version: '24.9.9' })).rejects.toThrow(
    /^reading http:.*\/v24\.9\.9\/SHASUMS256\.txt: HTTP 404; name a mirror/,
  );
});
