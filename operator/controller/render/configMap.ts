// The ConfigMap with the authorities by which agents verify the controller. Agents read it at each connect, so a change restarts no agent.
import { ApiObject, type Chart } from 'cdk8s';
import type { RenderInput } from './input';
import { metadataOf } from './metadata';
import { authorityKey, channelName } from './names';

export function channelConfigMap(chart: Chart, input: RenderInput): void {
  new ApiObject(chart, 'channel', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadataOf(channelName, 'channel', input),
    data: { [authorityKey]: input.ca },
  });
}
