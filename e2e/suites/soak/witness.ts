// The datapath's statistics, read from the pinned maps: the agent that is under test is not asked. Summed over all datapaths of a run,
// each of which counts from zero.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { attempt } from '../../../release/tools/command';
import { pinFolders } from '../../stand/agent/leftovers';

/** Members of struct statistics in ebpf/abi.h, as bpftool prints them by the map's BTF. */
const tally = z.object({
  fast_bytes: z.number(),
  tcp_bytes: z.number(),
  left: z.number(),
  adopted: z.number(),
  woken: z.number(),
  unseen: z.number(),
});
type Tally = z.infer<typeof tally>;
const names = Object.keys(tally.shape) as (keyof Tally)[];
const lookup = z.object({ formatted: z.object({ values: z.array(z.object({ value: tally })) }) });

const none: Tally = { fast_bytes: 0, tcp_bytes: 0, left: 0, adopted: 0, woken: 0, unseen: 0 };

export class Witness {
  /** `adopted` is a gauge, of which only rises between two looks are added up. So there were at least so many adoptions. */
  readonly total: Tally = { ...none };
  private before: Tally = { ...none };

  /** @param slots how many namespaces have pods; the agent gives these the first slots */
  constructor(
    private readonly pins: string,
    private readonly slots: number,
  ) {}

  /** Reads the counters and adds their growth. Counters lower than the last time are those of a new datapath. */
  async look(): Promise<void> {
    const now = { ...none };
    for (const each of await this.tallies()) for (const name of names) now[name] += each[name];
    const anew = now.fast_bytes < this.before.fast_bytes || now.tcp_bytes < this.before.tcp_bytes;
    for (const name of names) this.total[name] += Math.max(0, now[name] - (anew ? 0 : this.before[name]));
    this.before = now;
  }

  private async tallies(): Promise<Tally[]> {
    const folder = pinFolders(this.pins).find((each) => existsSync(join(each, 'statistics')));
    if (folder === undefined) return [];
    const found: Tally[] = [];
    for (let slot = 0; slot < this.slots; slot++) {
      const { code, stdout } = await attempt('bpftool', [
        '-j',
        'map',
        'lookup',
        'pinned',
        join(folder, 'statistics'),
        'key',
        String(slot),
        '0',
        '0',
        '0',
      ]);
      if (code === 0) found.push(...lookup.parse(JSON.parse(stdout)).formatted.values.map(({ value }) => value));
    }
    return found;
  }
}
