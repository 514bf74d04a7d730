// Applies what is rendered: when it differs from what was applied last, when somebody changed the DaemonSet, and now and then
// for the rest; and takes it away again.
import { fieldManager } from '../../api';
import { apply, type KubeClient, type Manifest, remove } from '../../kube';
import { render, type RenderInput } from '../render';

/** Objects that are not watched are put right within this time. */
const againMs = 300_000;

export class Installation {
  private applied: string | undefined;
  private appliedAtMs = 0;

  constructor(
    private readonly client: KubeClient,
    /** Monotonic milliseconds. */
    private readonly now: () => number,
  ) {}

  /** `generation` of the DaemonSet as watched: a change of it by anybody else is undone. */
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

  /** Deletes it all, last applied first. */
  async withdraw(input: RenderInput): Promise<void> {
    const manifests: Manifest[] = render(input).reverse();
    for (const manifest of manifests) await remove(this.client, manifest);
    this.applied = undefined;
  }
}
