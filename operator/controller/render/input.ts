// The input of rendering; everything else about the agents' objects is fixed.
import type { Spec } from '../../api';

/** A pod template of the DaemonSet; the controller does not read its fields. */
export type PodTemplate = Readonly<Record<string, unknown>>;

export interface RenderInput {
  readonly spec: Spec;
  /** The SidecarAcceleration, which owns the objects. */
  readonly owner: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string };
  /** Namespace of the controller and of the agents. */
  readonly namespace: string;
  /** The controller's image, which the agents use unless spec.agent.image is set. */
  readonly image: string;
  readonly pullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Names of Secrets in the namespace. */
  readonly pullSecrets: readonly string[];
  /** ClusterIP and port of the controller's Service, so that agents need no cluster DNS. */
  readonly controllerAddress: string;
  /** The authorities that agents trust, in PEM; several while the authority is being replaced. */
  readonly ca: string;
  /** The pod template to apply, such as a former one in a rollback; by default the template for the resource. */
  readonly template?: PodTemplate;
}
