// Writes the status that a controller would write for four nodes and two namespaces, for the console's test.
import { tooOld } from './consoleStates';

const since = '2026-01-01T00:00:00Z';
const listed = (name: string, state: string, open: number, accelerated: number, bytes: { fast: number; tcp: number }, reasons: object[] = []) => ({
  name,
  state,
  pods: { selected: 4, accelerated: state === 'NotAccelerated' ? 0 : 4 },
  connections: { open, accelerated },
  bytes,
  reasons,
  since,
});

export class SeededStatus {
  /** How often the status was written. */
  round = 0;
  /** The generation of the spec that the last status was written for. */
  generation = 0;
  /** The bytes that each namespace has sent; their sum is that of the cluster. */
  private readonly sent = { shop: { fast: 3 * 2 ** 29, tcp: 0 }, billing: { fast: 2 ** 29, tcp: 2 ** 23 } };

  constructor(private readonly kubectl: (args: readonly string[], input?: string) => Promise<string>) {}

  /** Writes the status of mode Accelerate; each call adds bytes. @param broken one node of four cannot accelerate */
  async write(broken = false, rollout?: object): Promise<void> {
    const { shop, billing } = this.sent;
    this.round += 1;
    // Each call adds about 20 MiB, more or less by a wave; four fifths of them are on the fast path.
    const wave = 1 + 0.4 * Math.sin(this.round / 3);
    shop.fast += Math.round(wave * 12 * 2 ** 20);
    billing.fast += Math.round(wave * 4 * 2 ** 20);
    billing.tcp += Math.round(wave * 4 * 2 ** 20);
    await this.put(broken ? `3 of 4 nodes ready; ${tooOld.message}` : undefined, {
      nodes: { desired: 4, ready: broken ? 3 : 4, unsupported: broken ? [tooOld] : [] },
      ...(rollout === undefined ? {} : { rollout }),
      connections: { open: 230, accelerated: 219 },
      namespaces: [
        listed('shop', 'Accelerated', 180, 180, shop),
        listed('billing', 'Partial', 50, 39, billing, [
          { reason: 'PeerElsewhere', connections: 9 },
          { reason: 'Learning', connections: 2 },
        ]),
      ],
    });
  }

  /** Writes the status of mode Off when every node follows it. */
  async writeOff(): Promise<void> {
    const off = (name: 'shop' | 'billing', open: number) =>
      listed(name, 'NotAccelerated', open, 0, this.sent[name], [{ reason: 'SwitchedOff', connections: open }]);
    await this.put(undefined, {
      nodes: { desired: 4, ready: 4, unsupported: [] },
      connections: { open: 230, accelerated: 0 },
      namespaces: [off('shop', 180), off('billing', 50)],
    });
  }

  private async put(unready: string | undefined, facts: object): Promise<void> {
    this.generation = Number(await this.kubectl(['get', 'sca', 'default', '-o', 'jsonpath={.metadata.generation}']));
    const condition = (type: string, status: string, message: string) => ({
      type,
      status,
      reason: 'Tested',
      message,
      observedGeneration: this.generation,
      lastTransitionTime: since,
    });
    const ready = unready === undefined ? condition('Ready', 'True', '4 of 4 nodes ready') : condition('Ready', 'False', unready);
    const { shop, billing } = this.sent;
    const status = {
      conditions: [ready, condition('Progressing', 'False', '')],
      bytes: { fast: shop.fast + billing.fast, tcp: shop.tcp + billing.tcp },
      ...facts,
    };
    const object = { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', metadata: { name: 'default' }, status };
    await this.kubectl(
      ['apply', '--server-side', '--subresource=status', '--field-manager=test', '--force-conflicts', '-f', '-'],
      JSON.stringify(object),
    );
  }
}
