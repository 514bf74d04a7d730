// Datapaths of other map versions: switched off at once, and gone when their programs are not needed any more.
import { releaseOthers } from './pins';
import { hasSockets } from './stale';

/** Connections that have not left by then rest; what they say later runs over TCP, in maps without programs. */
const patienceMs = 5 * 60_000;

export class FormerVersions {
  private readonly until: number;
  private gone = false;

  /**
   * @param leave whether their connections have to leave the maps, as they do with their next message while their programs are attached
   * @throws DatapathRefused for a folder that is not understood
   */
  constructor(
    private readonly pins: string,
    private readonly abi: number,
    private readonly leave: boolean,
    private readonly now = (): number => performance.now(),
  ) {
    this.until = now() + patienceMs;
    this.release();
  }

  /** To be called now and then. Live connections of those that go keep running over TCP and take the maps with them when they close. */
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
