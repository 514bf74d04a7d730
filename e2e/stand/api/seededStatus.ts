// A status as a controller of four nodes and two namespaces would write it, for the console's test.
import { tooOld } from './consoleStates';

const since = '2026-01-01T00:00:00Z';
const listed = (name: string, state: string, open: number, accelerated: number, bytes: { fast: number; tcp: number }, reasons: object[] = []) => ({
  name, state, pods: { selected: 4, accelerated: state === 'NotAccelerated' ? 0 : 4 }, connections: { open, accelerated }, bytes, reasons, since,
});

export class SeededStatus {
  /** How often it was written. */
  round = 0;
  /** Of the spec that it was written for last. */
  generation = 0;
  /** What the namespaces have sent, which is what the cluster has sent. */
  private readonly sent = { shop: { fast: 3 * 2 ** 29, tcp: 0 }, billing: { fast: 2 ** 29, tcp: 2 ** 23 } };

  constructor(private readonly kubectl: (args: readonly string[], input?: string) => Promise<string>) {}

  /** While Accelerate is in force; each call moves the counters on. @param broken one node of four cannot follow */
  async write(broken = false, rollout?: object): Promise<void> {
    const { shop, billing } = this.sent;
    this.round += 1;
    // Of 20 MiB more or less 16 take the fast path.
    const wave = 1 + 0.4 * Math.sin(this.round / 3);
    shop.fast += Math.round(wave * 12 * 2 ** 20);
    billing.fast += Math.round(wave * 4 * 2 ** 20);
    billing.tcp += Math.round(wave * 4 * 2 ** 20);
    await this.put(broken ? `3 of 4 nodes ready; ${tooOld.message}` : undefined, {
      nodes: { desired: 4, ready: broken ? 3 : 4, unsupported: broken ? [tooOld] : [] },
      ...(rollout === undefined ? {} : { rollout }),
      connections: { open: 230, accelerated: 219 },
      namespaces: [listed('shop', 'Accelerated', 180, 180, shop), listed('billing', 'Partial', 50, 39, billing, [{ reason: 'PeerElsewhere', connections: 9 }, { reason: 'Learning', connections: 2 }])],
    });
  }

  /** Once every node follows mode Off. */
  async writeOff(): Promise<void> {
    const off = (name: 'shop' | 'billing', open: number) => listed(name, 'NotAccelerated', open, 0, this.sent[name], [{ reason: 'SwitchedOff', connections: open }]);
    await this.put(undefined, { nodes: { desired: 4, ready: 4, unsupported: [] }, connections: { open: 230, accelerated: 0 }, namespaces: [off('shop', 180), off('billing', 50)] });
  }

  private async put(unready: string | undefined, facts: object): Promise<void> {
    this.generation = Number(await this.kubectl(['get', 'sca', 'default', '-o', 'jsonpath={.metadata.generation}']));
    const condition = (type: string, status: string, message: string) => ({ type, status, reason: 'Tested', message, observedGeneration: this.generation, lastTransitionTime: since });
    const ready = unready === undefined ? condition('Ready', 'True', '4 of 4 nodes ready') : condition('Ready', 'False', unready);
    const { shop, billing } = this.sent;
    const status = { conditions: [ready, condition('Progressing', 'False', '')], bytes: { fast: shop.fast + billing.fast, tcp: shop.tcp + billing.tcp }, ...facts };
    const object = { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', metadata: { name: 'default' }, status };
    await this.kubectl(['apply', '--server-side', '--subresource=status', '--field-manager=test', '--force-conflicts', '-f', '-'], JSON.stringify(object));
  }
}
