// The alert rules, checked and tested by Prometheus' promtool.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { alertsFile } from './metrics/metricNames';
import { run } from '../../../release/tools/command';
import { installTools } from '../../stand/tools/install';
import { Progress } from '../../../release/tools/progress';

const scenarios = readFileSync(join(__dirname, 'metrics', 'alerts.test.yaml'), 'utf8').replace('RULES', alertsFile);
const rules = z.object({ groups: z.array(z.object({ rules: z.array(z.looseObject({ alert: z.string() })) })) });
const tests = z.object({
  tests: z.array(z.looseObject({ alert_rule_test: z.array(z.looseObject({ alertname: z.string(), exp_alerts: z.array(z.unknown()).default([]) })) })),
});

let directory: string;

beforeAll(async () => {
  await installTools(new Progress(), []);
  directory = await mkdtemp(join(tmpdir(), 'alerts-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Runs the scenarios with promtool. */
async function tried(text: string): Promise<string> {
  const file = join(directory, 'tests.yaml');
  writeFileSync(file, text);
  return run('promtool', ['test', 'rules', file]);
}

test('Prometheus accepts the rules', async () => {
  expect(await run('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', alertsFile])).toContain('SUCCESS');
});

test('each alert fires with its text when it should, and does not fire otherwise', async () => {
  expect(await tried(scenarios)).toContain('SUCCESS');
  const names = rules
    .parse(parse(readFileSync(alertsFile, 'utf8')))
    .groups.flatMap((group) => group.rules.map(({ alert }) => alert))
    .sort();
  const of = (fires: boolean): string[] => {
    const all = tests.parse(parse(scenarios)).tests.flatMap((each) => each.alert_rule_test);
    return [...new Set(all.filter((each) => each.exp_alerts.length > 0 === fires).map(({ alertname }) => alertname))].sort();
  };
  expect([of(true), of(false)]).toEqual([names, names]);
});

test('promtool reports a failure when an expected alert does not fire', async () => {
  await expect(tried(scenarios.replace("values: '1x5 0x55'", "values: '1x60'"))).rejects.toThrow(
    /The agent a1 has not been connected to a controller/,
  );
});
