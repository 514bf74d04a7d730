import { z } from 'zod';
import { dashboard } from './metricNames';

const dashboardSchema = z.looseObject({
  uid: z.string().max(40),
  panels: z.array(
    z.looseObject({
      id: z.int(),
      title: z.string(),
      description: z.string().min(1),
      targets: z.array(z.object({ refId: z.string(), datasource: z.unknown(), expr: z.string(), legendFormat: z.string() })).min(1),
    }),
  ),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string() })) }),
});
const { panels, templating } = dashboardSchema.parse(JSON.parse(dashboard()));
const expressions = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const));

describe('the dashboard', () => {
  it.each(expressions)('%s has balanced brackets: %s', (_title, expression) => {
    for (const [open, close] of ['()', '{}', '[]'].map((pair) => pair.split('')))
      expect(expression.split(open ?? '').length).toBe(expression.split(close ?? '').length);
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
