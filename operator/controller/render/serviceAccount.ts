// The ServiceAccount of the agents. It has no role: its token only authenticates an agent to the controller.
import { ApiObject, type Chart } from 'cdk8s';
import type { RenderInput } from './input';
import { metadataOf } from './metadata';
import { agentName } from './names';

export function serviceAccount(chart: Chart, input: RenderInput): void {
  new ApiObject(chart, 'service-account', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadataOf(agentName, 'agent', input),
    automountServiceAccountToken: false,
  });
}
