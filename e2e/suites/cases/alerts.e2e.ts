// The alert rules, checked and tested by Prometheus' promtool.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { alertsFile } from './metrics/metricNames';
import { at, chartRenderer, objectOf } from '../../../release/gitops/chart';
import { run } from '../../../release/tools/command';
import { installTools } from '../../stand/tools/install';
import { Progress } from '../../../release/tools/progress';

const scenarios = readFileSync(join(__dirname, 'metrics', 'alerts.test.yaml'), 'utf8').replace('RULES', alertsFile);
const rules = z.object({ groups: z.array(z.object({ rules: z.array(z.looseObject({ alert: z.string() })) })) });
const tests = z.object({
  tests: z.array(z.looseObject({ alert_rule_test: z.array(z.looseObject({ alertname: z.string(), exp_alerts: z.array(z.unknown()).default([]) })) })),
});

const scenario = z.object({
  tests: z.array(
    z.looseObject({
      input_series: z.array(z.object({ series: z.string(), values: z.string() })),
      alert_rule_test: z.array(
        z.looseObject({
          alertname: z.string(),
          exp_alerts: z.array(z.looseObject({ exp_labels: z.record(z.string(), z.string()) })).default([]),
        }),
      ),
    }),
  ),
});
type Scenario = z.infer<typeof scenario>['tests'][number];

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

describe('the rules of a release with ServiceMonitors', () => {
  const place = 'acceleration-system';

  /** Tries scenarios with the rules that the chart renders for a release in that namespace. */
  async function triedInRelease(of: object): Promise<string> {
    const render = await chartRenderer(place);
    const objects = await render({ metrics: { alerts: { enabled: true }, serviceMonitor: { enabled: true } } });
    const file = join(directory, 'release.yaml');
    writeFileSync(file, stringify(at(objectOf(objects, 'PrometheusRule', 'sidecar-acceleration'), 'spec')));
    return tried(stringify({ rule_files: [file], evaluation_interval: '1m', ...of }));
  }

  /** The scenarios with the labels that the Prometheus operator gives the series of a namespace. */
  function scrapedIn(namespace: string): Scenario[] {
    const { tests: all } = scenario.parse(parse(scenarios));
    return all.map(({ input_series: input, ...rest }) => ({
      ...rest,
      input_series: input.map(({ series, values }) => {
        const [name = '', labels = ''] = series.replace('namespace=', 'exported_namespace=').split(/[{}]/);
        return { series: `${name}{${[labels, `namespace="${namespace}"`].filter((each) => each !== '').join(',')}}`, values };
      }),
    }));
  }

  const labelled = (labels: Record<string, string>, alertname: string): Record<string, string> => {
    const { namespace, ...others } = labels;
    if (namespace !== undefined) return { ...others, exported_namespace: namespace };
    return 'instance' in labels || alertname === 'SidecarAccelerationControllerAbsent' ? { ...labels, namespace: place } : labels;
  };

  it('fire as those of the file do', async () => {
    const all = scrapedIn(place).map((each) => ({
      ...each,
      alert_rule_test: each.alert_rule_test.map(({ exp_alerts: alerts, ...asked }) => ({
        ...asked,
        exp_alerts: alerts.map(({ exp_labels: labels, ...rest }) => ({ ...rest, exp_labels: labelled(labels, asked.alertname) })),
      })),
    }));
    expect(await triedInRelease({ tests: all })).toContain('SUCCESS');
  });

  it('are neither silenced nor fired by series of another namespace', async () => {
    const silent = scrapedIn('tenant').map((each) => ({
      ...each,
      alert_rule_test: each.alert_rule_test
        .filter(({ alertname }) => alertname !== 'SidecarAccelerationControllerAbsent')
        .map(({ eval_time, alertname }) => ({ eval_time, alertname })),
    }));
    expect(await triedInRelease({ tests: silent })).toContain('SUCCESS');
    const series = [{ series: 'sidecar_acceleration_agents_connected{namespace="tenant"}', values: '2x60' }];
    const asked = { eval_time: '50m', alertname: 'SidecarAccelerationControllerAbsent' };
    const alone = { interval: '1m', input_series: series, alert_rule_test: [asked] };
    await expect(triedInRelease({ tests: [alone] })).rejects.toThrow(/Prometheus has scraped no controller/);
  });
});

test('promtool reports a failure when an expected alert does not fire', async () => {
  await expect(tried(scenarios.replace("values: '1x5 0x55'", "values: '1x60'"))).rejects.toThrow(
    /The agent a1 has not been connected to a controller/,
  );
});
