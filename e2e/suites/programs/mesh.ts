// Two pods with a sidecar each, and real-world programs in their containers, with or without the datapath.
import { Fixture, selected, settings } from '../../../ebpf/tests/fixture';
import { maxConnectionsRange, spillBytesRange } from '../../../operator/api/spec';
import { Containers, type Container, type Finished } from '../../stand/pods/containers';
import { addSidecar } from '../../stand/pods/sidecar';
import { Standstill } from './standstill';
import { Watch } from './watch';

/** Longer than any round takes on a busy machine. */
const patienceMs = 240_000;

export class ProgramMesh extends Containers {
  private watching: Watch | undefined;
  private looking: Standstill | undefined;

  private constructor(hungAfterMs: number) {
    super(new Fixture(), hungAfterMs);
  }

  /** @param hungAfterMs a program that runs for so long counts as hung */
  static async open(envoy: string, hungAfterMs = patienceMs): Promise<ProgramMesh> {
    const mesh = new ProgramMesh(hungAfterMs);
    try {
      mesh.detach();
      const { node, client, server } = mesh.fixture;
      const sidecars = [await addSidecar(node, client, envoy), await addSidecar(node, server, envoy)];
      mesh.looking = new Standstill(sidecars.flatMap(({ pid }) => pid ?? []));
      return mesh;
    } catch (error) {
      await mesh.close();
      throw error;
    }
  }

  /** Watches the datapath; undefined on plain TCP. */
  get watch(): Watch | undefined {
    return this.watching;
  }

  /** Measures standstills while a program of the client runs. */
  get standstill(): Standstill {
    if (this.looking === undefined) throw new Error('measure standstills: the sidecars have not been started');
    return this.looking;
  }

  /** Runs a program to its end. While a program of the client runs, standstills are measured. */
  override run(container: Container, command: string, ...args: readonly (string | number)[]): Promise<Finished> {
    const toItsEnd = (): Promise<Finished> => super.run(container, command, ...args);
    return container === 'client' ? this.standstill.during(toItsEnd) : toItsEnd();
  }

  /** Puts the product on the node as an agent would, with the defaults of the resource. */
  attach(): void {
    const { fixture } = this;
    fixture.datapath = fixture.open();
    const limits = { maxConnections: maxConnectionsRange.default, spillBytes: spillBytesRange.default };
    fixture.datapath.configure({ ...settings, ...limits, learn: true });
    fixture.datapath.select([selected(fixture.client, 'client'), selected(fixture.server, 'server')], []);
    this.watching = new Watch(fixture.datapath);
  }

  /** Removes the product from the node. */
  detach(): void {
    this.watching?.stop();
    this.watching = undefined;
    this.fixture.datapath.release();
  }

  async close(): Promise<void> {
    await this.end();
    if (this.watching === undefined) this.fixture.datapath = this.fixture.open();
    this.watching?.stop();
    await this.looking?.stop();
    await this.remove();
    await this.fixture.remove();
  }
}
