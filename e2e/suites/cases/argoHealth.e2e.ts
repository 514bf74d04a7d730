// The health check for Argo CD on a resource in every state, under Lua 5.1.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { sidecarAcceleration } from '../../../operator/api';
import { healthDirectory } from '../../../release/gitops/argocdSettings';
import { healthOf } from '../../stand/support/lua';
import { installTools } from '../../stand/tools/install';
import { checkout } from '../../../release/tools/paths';
import { Progress } from '../../../release/tools/progress';

const read = (...path: string[]): string => readFileSync(join(checkout, healthDirectory, ...path), 'utf8');
const script = read('health.lua');
// The format of Argo CD's own tests (util/lua/health_test.go).
const testFile = z.strictObject({
  tests: z.array(z.strictObject({ healthStatus: z.strictObject({ status: z.string(), message: z.string() }), inputPath: z.string() })),
});
const { tests } = testFile.parse(parse(read('health_test.yaml')));

beforeAll(() => installTools(new Progress(), []));

it.each(tests.map(({ inputPath, healthStatus }) => [inputPath, healthStatus] as const))('%s is %j', async (path, expected) => {
  const object: unknown = parse(read(path), { version: '1.1' });
  expect(sidecarAcceleration.safeParse(object).error).toBeUndefined();
  expect(await healthOf(script, object)).toEqual(expected);
});

it('is tested with every object in its folder, and these give every health status that the check can return', () => {
  expect(tests.map(({ inputPath }) => inputPath).sort()).toEqual(
    readdirSync(join(checkout, healthDirectory, 'testdata'))
      .map((name) => `testdata/${name}`)
      .sort(),
  );
  expect([...new Set(tests.map(({ healthStatus }) => healthStatus.status))].sort()).toEqual(['Degraded', 'Healthy', 'Progressing', 'Suspended']);
});

it('runs here without the libraries that Argo CD does not open', async () => {
  await expect(healthOf('return { status = string.upper("x") }', {})).rejects.toThrow("global 'string'");
});
