// The one word for how a namespace stands, from its sums.
import type { Mode, NamespaceState } from '../../api';
import type { NamespaceTotals } from './namespaceTotals';

export function stateOf({ pods, connections, draining }: Omit<NamespaceTotals, 'bytes' | 'reasons'>, mode: Mode): NamespaceState {
  const { open, accelerated } = connections;
  // A node that has not followed yet is on its way to Off, like one with bytes that are still to be read.
  if (mode === 'Off') return draining > 0 || accelerated > 0 ? 'Draining' : 'NotAccelerated';
  if (mode === 'Observe' && accelerated === 0) return 'NotAccelerated';
  const allPods = pods.accelerated === pods.selected;
  if (open === 0) return allPods && pods.selected > 0 ? 'Accelerated' : 'Waiting';
  if (accelerated === 0) return 'NotAccelerated';
  return allPods && accelerated === open ? 'Accelerated' : 'Partial';
}
