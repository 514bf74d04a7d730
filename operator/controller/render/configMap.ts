// The authority by which agents recognise the controller. They read it anew at every connect, so its change restarts nothing.
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
