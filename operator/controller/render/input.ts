// What rendering needs to know; everything else about the agents' objects is fixed.
import type { Spec } from '../../api';

/** A pod template as the DaemonSet has it; only the API server looks into it. */
export type PodTemplate = Readonly<Record<string, unknown>>;

export interface RenderInput {
  readonly spec: Spec;
  /** The SidecarAcceleration that the objects belong to. */
  readonly owner: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string };
  /** Where the controller runs, and so the agents. */
  readonly namespace: string;
  /** The controller's own image; spec.agent.image goes before it. */
  readonly image: string;
  readonly pullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Names of Secrets in the namespace. */
  readonly pullSecrets: readonly string[];
  /** Cluster address and port of the controller's Service: nodes need no cluster DNS to reach it. */
  readonly controllerAddress: string;
  /** The authority that signed the controller's certificate, in PEM; may hold several while it is replaced. */
  readonly ca: string;
  /** A former template of the agents, to go back to; the one that the resource asks for unless given. */
  readonly template?: PodTemplate;
}
