// For tests: an in-memory fake of the Datapath contract, which remembers what it was told.
import type { Datapath, DatapathPod, DatapathSettings, DatapathSnapshot, JoinedConnection } from './datapath/contract';

export class FakeDatapath implements Datapath {
  readonly told: string[] = [];
  settings: DatapathSettings | undefined;
  pods: readonly DatapathPod[] | undefined;
  /** Namespaces there is no room for. */
  full: readonly string[] = [];
  counted: DatapathSnapshot = { namespaces: [], joinedSockets: 0, drainingSockets: 0 };
  joined: JoinedConnection[] = [];

  configure(settings: DatapathSettings): void {
    this.settings = settings;
    this.told.push(`configure ${settings.mode}`);
  }

  select(pods: readonly DatapathPod[], neighbours: readonly string[]): string[] {
    this.pods = pods;
    this.told.push(`select ${pods.map(({ netns }) => netns).join(' ')} beside ${neighbours.join(' ')}`.trim());
    return pods.map(({ namespace }) => namespace).filter((name) => this.full.includes(name));
  }

  snapshot(): DatapathSnapshot {
    return this.counted;
  }

  connections(limit: number): JoinedConnection[] {
    return this.joined.slice(0, limit);
  }

  release(): void {
    this.told.push('release');
  }

  close(): void {
    this.told.push('close');
  }
}
