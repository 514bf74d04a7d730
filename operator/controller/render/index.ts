// Turns the resource into the objects that run the agents: pure, the same input gives the same objects.
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

/** In the order of applying: what a pod refers to comes before the DaemonSet that makes the pods. */
export function render(input: RenderInput): Manifest[] {
  const chart = new Chart(new App(), 'agents', { namespace: input.namespace });
  serviceAccount(chart, input);
  channelConfigMap(chart, input);
  metricsService(chart, input);
  daemonSet(chart, input);
  return chart.toJson() as Manifest[];
}
