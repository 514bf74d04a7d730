// Runs the real npm against a small registry in this test, which serves advisories or refuses to.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditOf } from './audit';

const advice = {
  id: 1,
  url: 'https://example.test/advisory/1',
  title: 'reads too far',
  severity: 'high',
  vulnerable_versions: '<2.0.0',
  cwe: [],
  cvss: { score: 0, vectorString: null },
};
let directory: string;
let registry: Server;
/** The advisories that the registry serves. Undefined: it refuses the request, as a mirror that serves only packages does. */
let advisories: object | undefined;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'audit-'));
  const dependencies = { shipped: '1.0.0' };
  const packages = {
    '': { name: 'a', version: '1.0.0', dependencies, devDependencies: { tool: '1.0.0' } },
    'node_modules/shipped': { version: '1.0.0' },
    'node_modules/tool': { version: '1.0.0', dev: true },
  };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(packages['']));
  writeFileSync(join(directory, 'package-lock.json'), JSON.stringify({ name: 'a', version: '1.0.0', lockfileVersion: 3, requires: true, packages }));
  registry = createServer((request, response) => {
    request.resume();
    const name = request.url?.slice(1) ?? '';
    if (request.method === 'GET')
      return response.end(JSON.stringify({ name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': { name, version: '1.0.0' } } }));
    if (advisories === undefined) return response.writeHead(405).end();
    return response.end(JSON.stringify(advisories));
  }).listen(0, '127.0.0.1');
  await once(registry, 'listening');
});

afterEach(() => {
  registry.close();
  registry.closeAllConnections();
  rmSync(directory, { recursive: true });
});

const address = (): string => `http://127.0.0.1:${(registry.address() as { port: number }).port}/`;

test('an advisory about a shipped package is listed with its severity and a link', async () => {
  advisories = { shipped: [advice] };
  expect(await auditOf(directory, address())).toEqual({ asked: 1, known: ['high shipped <2.0.0: reads too far (https://example.test/advisory/1)'] });
});

test('the list is empty when the registry has no advisory', async () => {
  advisories = {};
  expect(await auditOf(directory, address())).toMatchObject({ known: [] });
});

test('a registry that does not serve advisories is an error that says what to do, and not an empty list', async () => {
  advisories = undefined;
  await expect(auditOf(directory, address())).rejects.toThrow(
    /^asking the registry for advisories: 405 .*; nothing is known of vulnerabilities: ask a registry that serves them/,
  );
});
