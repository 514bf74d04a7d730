// Applies the rendered objects of the agents: when they differ from those applied last, when another client has changed the DaemonSet, and
// every five minutes. Deletes them when the resource is deleted.
import { fieldManager } from '../../api';
import { apply, type KubeClient, type Manifest, remove } from '../../kube';
import { render, type RenderInput } from '../render';

/** Milliseconds after which everything is applied again, because objects other than the DaemonSet are not watched. */
const againMs = 300_000;

export class Installation {
  private applied: string | undefined;
  private appliedAtMs = 0;

  constructor(
    private readonly client: KubeClient,
    /** A monotonic clock in milliseconds. */
    private readonly now: () => number,
  ) {}

  /**
   * Applies the objects if necessary. @returns whether they were applied
   * @param generation generation of the watched DaemonSet: a change by another client raises it and is reverted
   * @throws ApiError
   */
  async ensure(input: RenderInput, generation: number | undefined): Promise<boolean> {
    const manifests = render(input);
    const wanted = JSON.stringify(manifests);
    const fresh = this.now() - this.appliedAtMs < againMs;
    if (fresh && this.applied === `${generation} ${wanted}`) return false;
    let daemonSetGeneration: number | undefined;
    for (const manifest of manifests) {
      const answer = await apply(this.client, manifest, { fieldManager, force: true });
      if (manifest.kind === 'DaemonSet') daemonSetGeneration = (answer as { metadata?: { generation?: number } }).metadata?.generation;
    }
    this.applied = `${daemonSetGeneration} ${wanted}`;
    this.appliedAtMs = this.now();
    return true;
  }

  /** Deletes the objects in the reverse order of applying. @throws ApiError */
  async withdraw(input: RenderInput): Promise<void> {
    const manifests: Manifest[] = render(input).reverse();
    for (const manifest of manifests) await remove(this.client, manifest);
    this.applied = undefined;
  }
}
