// Looking again and again at a cluster that now and then does not answer: one line says so, and the waits grow.
import { errorLine } from '../base';
import { mayPass } from './failure';
import type { Surroundings } from './surroundings';

/** In looks; the last is repeated. */
const waits = [1, 2, 4, 8, 15, 30];

export class Persistence {
  private failed = 0;
  private succeeded = false;

  constructor(private readonly world: Pick<Surroundings, 'progress' | 'nextLook'>) {}

  /**
   * What `look` gives; undefined when it could not be had and the user has waited long enough for another try.
   * @throws what `look` throws when it is the first, or nothing that passes by itself
   */
  async look<T>(look: () => Promise<T>): Promise<T | undefined> {
    try {
      const found = await look();
      if (this.failed > 0) this.world.progress.finish();
      this.failed = 0;
      this.succeeded = true;
      return found;
    } catch (error) {
      if (!this.succeeded || !mayPass(error)) throw error;
      // Said once: what is shown a second time as it was is not shown.
      this.world.progress.show({ text: `${errorLine(error)}; trying again until it answers`, done: 0, total: 0 });
      const wait = waits[Math.min(this.failed++, waits.length - 1)] ?? 1;
      for (let looks = 1; looks < wait; looks += 1) if (!(await this.world.nextLook())) break;
      return undefined;
    }
  }
}
