// Datapaths of other map versions, which an agent of another release has left: they are switched off at once, and unpinned when their programs are no
// longer needed.
import { releaseOthers } from './pins';
import { hasSockets } from './stale';

/**
 * How long programs wait for connections to leave the old SOCKHASH. A connection that is idle for longer stays in it, and runs over TCP without
 * programs.
 */
const longestWaitMs = 5 * 60_000;

export class FormerVersions {
  private readonly until: number;
  private gone = false;

  /**
   * @param leave whether their connections have to leave the old SOCKHASH. They do so with their next message, while the old programs are attached
   * @throws DatapathRefused for a folder that is not understood
   */
  constructor(
    private readonly pins: string,
    private readonly abi: number,
    private readonly leave: boolean,
    private readonly now = (): number => performance.now(),
  ) {
    this.until = now() + longestWaitMs;
    this.release();
  }

  /**
   * Unpins what is no longer needed; to be called now and then. Live connections go on over TCP, and the old maps go when the last of them closes.
   */
  release(): void {
    if (this.gone) return;
    const needed = (folder: string): boolean => this.leave && this.now() < this.until && hasSockets(folder);
    this.gone = releaseOthers(this.pins, this.abi, needed).length === 0;
  }

  releaseAll(): void {
    releaseOthers(this.pins, this.abi);
    this.gone = true;
  }
}
