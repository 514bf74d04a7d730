// Applies what is rendered, when it differs from what was applied last or somebody changed it; and takes it away again.
import { fieldManager } from '../api';
import { apply, type KubeClient, type Manifest, remove } from '../kube';
import { render, type RenderInput } from './render';

export class Installation {
  private applied: string | undefined;

  constructor(private readonly client: KubeClient) {}

  /** `generation` of the DaemonSet as watched: a change of it by anybody else is undone. */
  async ensure(input: RenderInput, generation: number | undefined): Promise<boolean> {
    const manifests = render(input);
    const wanted = JSON.stringify(manifests);
    if (this.applied === `${generation} ${wanted}`) return false;
    let daemonSetGeneration: number | undefined;
    for (const manifest of manifests) {
      const answer = await apply(this.client, manifest, { fieldManager, force: true });
      if (manifest.kind === 'DaemonSet') daemonSetGeneration = (answer as { metadata?: { generation?: number } }).metadata?.generation;
    }
    this.applied = `${daemonSetGeneration} ${wanted}`;
    return true;
  }

  /** Deletes it all, last applied first. */
  async withdraw(input: RenderInput): Promise<void> {
    const manifests: Manifest[] = render(input).reverse();
    for (const manifest of manifests) await remove(this.client, manifest);
    this.applied = undefined;
  }
}
