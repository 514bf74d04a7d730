// The state of a namespace in the status, from its sums.
import type { Mode, NamespaceState } from '../../api';
import type { NamespaceTotals } from './namespaceTotals';

export function stateOf({ pods, connections, draining }: Omit<NamespaceTotals, 'bytes' | 'reasons'>, mode: Mode): NamespaceState {
  const { open, accelerated } = connections;
  // Accelerated connections are those of a node that has not applied mode Off yet; draining ones have unread redirected bytes.
  if (mode === 'Off') return draining > 0 || accelerated > 0 ? 'Draining' : 'NotAccelerated';
  if (mode === 'Observe' && accelerated === 0) return 'NotAccelerated';
  const allPods = pods.accelerated === pods.selected;
  if (open === 0) return allPods && pods.selected > 0 ? 'Accelerated' : 'Waiting';
  if (accelerated === 0) return 'NotAccelerated';
  return allPods && accelerated === open ? 'Accelerated' : 'Partial';
}
