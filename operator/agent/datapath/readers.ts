// Watches for programs that use splice(2) or ask FIONREAD. A kernel may have several ways to see them; they are tried in order.
import { existsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Btf } from './btf';
import type { ReaderTrait, Watching, WatchWay } from './contract';
import { checkHandle, libbpf, LibbpfError, type Handle } from './libbpf';
import type { FindProgram } from './optional';

interface Way {
  readonly by: WatchWay;
  readonly sees: ReaderTrait;
  readonly program: string;
  /** The kernel function that it probes. A function that the kernel does not have needs no probe. */
  readonly probes?: string;
  /** Stays attached, also when the agent is gone, because it slows hardly anything but the calls that it looks for. */
  readonly stays: boolean;
}

/** Exists where the kernel's functions can be probed (kernel/events/core.c, perf_kprobe). */
const probesOfFunctions = '/sys/bus/event_source/devices/kprobe';

/** The best ways first. To see a trait, all programs of one way are needed. */
const ways: readonly Way[] = [
  { by: 'Functions', sees: 'splices', program: 'on_tcp_splice_read', probes: 'tcp_splice_read', stays: true },
  { by: 'Functions', sees: 'counts', program: 'on_tcp_ioctl', probes: 'tcp_ioctl', stays: true },
  { by: 'Functions', sees: 'counts', program: 'on_tcp_bpf_ioctl', probes: 'tcp_bpf_ioctl', stays: true },
  { by: 'Reads', sees: 'splices', program: 'on_tcp_read', stays: true },
  { by: 'SystemCalls', sees: 'splices', program: 'on_splice', stays: false },
  { by: 'SystemCalls', sees: 'counts', program: 'on_ioctl', stays: false },
];

export const allWays: readonly WatchWay[] = ['Functions', 'Reads', 'SystemCalls'];
export const readWatcher = 'on_tcp_read';
/** The programs of the other ways. */
export const plainWatchers = ways.map(({ program }) => program).filter((name) => name !== readWatcher);

export interface WatchOptions {
  /** The optional programs that were loaded. */
  readonly loaded: readonly string[];
  readonly find: FindProgram;
  readonly kernel: Btf;
  /** The directory where links that stay are pinned. */
  readonly folder: string;
  /** The traits that have to be seen, because this kernel serves such readers wrong. */
  readonly needed: readonly ReaderTrait[];
  readonly allowed: readonly WatchWay[];
}

export class ReaderWatch {
  private readonly staying: Handle[] = [];
  private readonly onDemand: readonly Way[];
  private coming: Handle[] = [];
  readonly watching: Watching;
  readonly seenBy = new Map<ReaderTrait, WatchWay>();

  constructor(private readonly options: WatchOptions) {
    const onDemand: Way[] = [];
    for (const trait of options.needed) {
      const found = allWays.map((by) => this.waysTo(trait, by)).find((each) => this.works(each));
      if (found?.[0] === undefined) continue;
      this.seenBy.set(trait, found[0].by);
      for (const way of found) if (!way.stays) onDemand.push(way);
    }
    this.onDemand = onDemand;
    this.forget(ways.filter(({ sees, by }) => this.seenBy.get(sees) !== by));
    this.watching = this.seenBy.size < options.needed.length ? 'Never' : onDemand.length > 0 ? 'OnDemand' : 'Always';
  }

  /** Attaches or detaches the programs that do not stay. */
  set(on: boolean): void {
    if (!on) this.detach();
    else if (this.coming.length === 0) this.coming = this.onDemand.map((way) => this.attach(way));
  }

  /** Programs that stay go on by their pins. */
  close(): void {
    this.detach();
    for (const link of this.staying.splice(0)) libbpf.destroyLink(link);
  }

  private detach(): void {
    for (const link of this.coming.splice(0)) libbpf.destroyLink(link);
  }

  private waysTo(trait: ReaderTrait, by: WatchWay): readonly Way[] {
    const { allowed, loaded, kernel } = this.options;
    const able = allowed.includes(by) && (by !== 'Functions' || existsSync(probesOfFunctions));
    const mine = able ? ways.filter((way) => way.sees === trait && way.by === by && loaded.includes(way.program)) : [];
    return mine.filter(({ probes }) => probes === undefined || kernel.functions.has(probes));
  }

  /** Tries a way. Programs that do not stay are detached again. */
  private works(tried: readonly Way[]): boolean {
    const links: Handle[] = [];
    try {
      for (const way of tried) links.push(this.attach(way));
    } catch (error) {
      if (!(error instanceof LibbpfError)) throw error;
      links.forEach((link) => libbpf.destroyLink(link));
      return false;
    }
    tried.forEach((way, n) => (way.stays ? this.keep(way, links[n]) : libbpf.destroyLink(links[n])));
    return tried.length > 0;
  }

  private attach({ program }: Way): Handle {
    return checkHandle(`attach ${program}`, libbpf.attach(this.options.find(program)));
  }

  /**
   * The new link is attached before the pin of the old one goes. Before 5.15 links of probes cannot be pinned (kernel/events/core.c), and end with
   * the agent.
   */
  private keep(way: Way, link: Handle): void {
    this.forget([way]);
    libbpf.pinLink(link, this.pin(way));
    this.staying.push(link);
  }

  /** Unpins, and so detaches, what an earlier agent has left. */
  private forget(unused: readonly Way[]): void {
    for (const pin of unused.map((way) => this.pin(way)).filter(existsSync)) unlinkSync(pin);
  }

  private pin({ program }: Way): string {
    return join(this.options.folder, `${program}_link`);
  }
}
