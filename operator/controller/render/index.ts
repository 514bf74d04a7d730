// Renders the objects of the agents from the resource: a pure function, with the same objects for the same input.
import { App, Chart } from 'cdk8s';
import type { Manifest } from '../../kube';
import { channelConfigMap } from './configMap';
import { daemonSet } from './daemonSet';
import type { RenderInput } from './input';
import { metricsService } from './service';
import { serviceAccount } from './serviceAccount';

export { agentTemplate } from './daemonSet';
export type { PodTemplate, RenderInput } from './input';
export * from './names';

/** The objects in the order of applying: objects that the pods refer to come before the DaemonSet. */
export function render(input: RenderInput): Manifest[] {
  const chart = new Chart(new App(), 'agents', { namespace: input.namespace });
  serviceAccount(chart, input);
  channelConfigMap(chart, input);
  metricsService(chart, input);
  daemonSet(chart, input);
  return chart.toJson() as Manifest[];
}
