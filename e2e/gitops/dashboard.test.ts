import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createMetrics as agentMetrics } from '../../operator/agent/metrics';
import { createMetrics as controllerMetrics } from '../../operator/controller/metrics';
import { emptyReport } from '../support/testAgent';
import { checkout } from '../tools/paths';

const dashboardSchema = z.looseObject({
  uid: z.string().max(40),
  panels: z.array(z.looseObject({ id: z.int(), title: z.string(), description: z.string().min(1), targets: z.array(z.object({ refId: z.string(), datasource: z.unknown(), expr: z.string(), legendFormat: z.string() })).min(1) })),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string() })) }),
});
const file = join(checkout, 'charts', 'sidecar-acceleration', 'dashboards', 'sidecar-acceleration.json');
const { panels, templating } = dashboardSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const expressions = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const));

async function published(): Promise<string[]> {
  const registries = [agentMetrics({ report: () => emptyReport, connected: () => true }), controllerMetrics(() => 0, () => 0).registry];
  return (await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))).flat().map(({ name }) => name);
}

describe('the dashboard', () => {
  it.each(expressions)('%s asks for metrics that controller or agents publish: %s', async (_title, expression) => {
    const asked = expression.match(/sidecar_acceleration_\w+/g) ?? [];
    expect(asked.length).toBeGreaterThan(0);
    expect(await published()).toEqual(expect.arrayContaining(asked));
  });

  it.each(expressions)('%s has balanced brackets: %s', (_title, expression) => {
    for (const [open, close] of ['()', '{}', '[]'].map((pair) => pair.split(''))) expect(expression.split(open ?? '').length).toBe(expression.split(close ?? '').length);
  });

  it('uses no variable that it does not define', () => {
    const defined = templating.list.map(({ name }) => name);
    const used = expressions.flatMap(([, expression]) => [...expression.matchAll(/\$(\w+)/g)].map(([, name]) => name));
    expect([...new Set(used)].filter((name) => name !== '__rate_interval' && !defined.includes(name ?? ''))).toEqual([]);
  });

  it('numbers its panels', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});
