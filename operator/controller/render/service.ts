// The headless Service by which Prometheus finds the metrics of each agent.
import { ApiObject, type Chart } from 'cdk8s';
import type { RenderInput } from './input';
import { metadataOf } from './metadata';
import { agentName, agentSelector, metricsPort } from './names';

export function metricsService(chart: Chart, input: RenderInput): void {
  new ApiObject(chart, 'metrics', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(agentName, 'agent', input),
    spec: {
      clusterIP: 'None',
      selector: { ...agentSelector },
      // Metrics of an agent that is not ready are needed as well.
      publishNotReadyAddresses: true,
      ports: [{ name: 'metrics', port: metricsPort, targetPort: 'metrics' }],
    },
  });
}
