import { createMetrics as agentMetrics } from '../../../../operator/agent/metrics';
import { createMetrics as controllerMetrics } from '../../../../operator/controller/metrics';
import { emptyReport } from '../../../stand/api/testAgent';
import { asked, askedOf, published } from './metricNames';

test('controller and agents publish every metric that dashboard and alerts use', async () => {
  expect(askedOf('agent').length).toBeGreaterThan(5);
  expect(published(await agentMetrics({ report: () => emptyReport, connected: () => true }).metrics())).toEqual(
    expect.arrayContaining(askedOf('agent')),
  );
  expect(askedOf('controller').length).toBeGreaterThan(2);
  expect(
    published(
      await controllerMetrics(
        () => 0,
        () => 0,
      ).registry.metrics(),
    ),
  ).toEqual(expect.arrayContaining(askedOf('controller')));
});

test('a series of a histogram in an expression counts as the histogram', () => {
  expect(asked('rate(sidecar_acceleration_x_seconds_bucket[5m]) / sidecar_acceleration_y{a="b"} + sidecar_acceleration_y')).toEqual([
    'sidecar_acceleration_x_seconds',
    'sidecar_acceleration_y',
  ]);
});
