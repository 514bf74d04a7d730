import type { Order } from '../../../operator/protocol';
import { orderMessage } from '../../../operator/protocol/orderChanges';
import { encodeFromController } from '../../../operator/protocol/wire';
import { revisionOf } from './revision';

const order = (revision: number): Order => ({
  revision,
  mode: 'Observe',
  paths: ['NodeLocal'],
  maxConnections: 10,
  spillBytes: 4096,
  namespaces: ['shop', 'bank'],
  podSelector: {},
  remove: false,
  reportSeconds: 1,
});

it.each([1, 127, 128, 1_790_000_000_000, Number.MAX_SAFE_INTEGER])('reads revision %d of an order as the controller encodes it', (revision) => {
  expect(revisionOf(encodeFromController({ message: 'order', order: orderMessage(order(revision), { changes: true, packed: true }) }))).toBe(
    revision,
  );
});

it('returns undefined for a message that is not an order', () => {
  expect(revisionOf(Buffer.alloc(0))).toBeUndefined();
  expect(revisionOf(Buffer.from([0x12, 0x02, 0x08, 0x01]))).toBeUndefined();
});
