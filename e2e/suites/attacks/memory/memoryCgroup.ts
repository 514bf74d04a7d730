// A cgroup with a memory limit below the cgroup of a test node, in the hierarchy of cgroups (v1 or v2) that has this machine's memory controller.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Files {
  readonly limit: string;
  readonly usage: string;
  readonly peak: string;
  /** A file with a line `oom_kill N`. */
  readonly kills: string;
}

const version1: Files = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  peak: 'memory.max_usage_in_bytes',
  kills: 'memory.oom_control',
};
const version2: Files = { limit: 'memory.max', usage: 'memory.current', peak: 'memory.peak', kills: 'memory.events' };
const root = '/sys/fs/cgroup';

export class MemoryCgroup {
  private readonly directory: string;
  private readonly files: Files;

  /** @param parent the node's cgroup, which exists in every hierarchy; this cgroup is removed with it */
  constructor(parent: string, limitBytes: number) {
    const own = join(root, 'memory');
    this.files = existsSync(own) ? version1 : version2;
    const above = join(existsSync(own) ? own : root, parent);
    if (this.files === version2) writeFileSync(join(above, 'cgroup.subtree_control'), '+memory');
    this.directory = join(above, 'agent');
    mkdirSync(this.directory);
    writeFileSync(join(this.directory, this.files.limit), String(limitBytes));
  }

  /** The words to put before a command, so that it runs in the cgroup. */
  get under(): string[] {
    return ['sh', '-c', 'echo 0 > "$0/cgroup.procs"; exec "$@"', this.directory];
  }

  get usageBytes(): number {
    return Number(this.read(this.files.usage));
  }

  /** The greatest memory use so far. */
  get peakBytes(): number {
    return Number(this.read(this.files.peak));
  }

  /** Processes that the kernel has killed because the limit was reached. */
  get kills(): number {
    return Number(/^oom_kill (\d+)$/m.exec(this.read(this.files.kills))?.[1] ?? Number.NaN);
  }

  private read(file: string): string {
    return readFileSync(join(this.directory, file), 'utf8');
  }
}
