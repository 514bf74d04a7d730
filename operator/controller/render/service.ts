// Where Prometheus finds the agents, one address each.
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
      // An agent that is not ready is the one whose metrics are wanted most.
      publishNotReadyAddresses: true,
      ports: [{ name: 'metrics', port: metricsPort, targetPort: 'metrics' }],
    },
  });
}
