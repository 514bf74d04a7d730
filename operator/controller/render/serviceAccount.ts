// The identity of the agents. It is bound to no role: its token only tells the controller which node is speaking.
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
