// A TCP proxy in Go that copies by io.Copy, which uses splice(2).
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from '../../../../release/tools/cache';
import { buildGoPrograms } from '../../../../release/tools/golang';
import { contentHash } from '../../../../release/tools/contentHash';
import type { ProgramMesh } from '../mesh';
import type { Opened, Trial } from '../trial';
import { checksumChecks, openChecksum, serveChecksum } from './checksum';

const program = 'copying-proxy';
const sources = join(__dirname, '..', '..', '..', 'stand', 'tools', 'modules', program);
const port = 8200;
const backendPort = 8201;

async function proxy(): Promise<string> {
  const { directory } = await cached(`${program}-${contentHash([process.arch], [sources])}`, (unfinished) =>
    buildGoPrograms({ module: sources, packages: ['.'] }, unfinished, join(tmpdir(), `sidecar-acceleration-${program}.log`)),
  );
  return join(directory, 'bin', program);
}

async function open(mesh: ProgramMesh): Promise<Opened> {
  await serveChecksum(mesh, backendPort);
  await mesh.serve('server', [port], await proxy(), `[::]:${port}`, `127.0.0.1:${backendPort}`);
  return openChecksum(mesh, port);
}

export const goProxy: Trial = {
  name: 'Go proxy, io.Copy',
  hops: ['Go client', 'Envoy', 'Envoy', 'Go proxy (splice)', 'Go server'],
  unit: 'bytes',
  checks: checksumChecks,
  expects: ['SplicingReader'],
  short: true,
  open,
};
