// When the status is written.
import type { Status } from '../../api';
import type { KubeClient } from '../../kube';
import '../cluster/cluster';
import { StatusWriter } from './statusWriter';

function setUp() {
  const writes: unknown[] = [];
  const clock = { now: 10_000 };
  const client = {
    request: (method: string, path: string, options: { body?: unknown }) => Promise.resolve(writes.push({ method, path, body: options.body })),
  };
  return { writes, clock, writer: new StatusWriter(client as unknown as KubeClient, () => clock.now) };
}
const status = (fast: number): Status => ({ bytes: { fast, tcp: 0 } });

test('writes the status subresource once for each change, and not without a change', async () => {
  const { writer, writes } = setUp();
  expect(await writer.write('u', status(1), undefined)).toBe(true);
  expect(await writer.write('u', status(1), undefined)).toBe(false);
  expect(await writer.write('u', status(2), undefined)).toBe(true);
  expect(writes).toHaveLength(2);
  expect(writes[0]).toMatchObject({
    method: 'PATCH',
    path: '/apis/acceleration.dev/v1alpha1/sidecaraccelerations/default/status',
    body: { status: { bytes: { fast: 1 } } },
  });
});

test('does not write a status that is stored already, as after a restart', async () => {
  const { writer, writes } = setUp();
  expect(await writer.write('u', status(1), status(1))).toBe(false);
  expect(writes).toEqual([]);
});

test('allows one write a second', async () => {
  const { writer, clock } = setUp();
  expect(writer.waitMs()).toBe(0);
  await writer.write('u', status(1), undefined);
  clock.now += 400;
  expect(writer.waitMs()).toBe(600);
  clock.now += 600;
  expect(writer.waitMs()).toBe(0);
});

test('measures the second from the beginning of a write', async () => {
  const { clock } = setUp();
  const slow = { request: () => Promise.resolve((clock.now += 700)) };
  const writer = new StatusWriter(slow as unknown as KubeClient, () => clock.now);
  await writer.write('u', status(1), undefined);
  expect(writer.waitMs()).toBe(300);
});

test('does not use the status of a deleted resource for a new one', async () => {
  const { writer } = setUp();
  await writer.write('old', status(1), undefined);
  expect(writer.current('new', undefined)).toBeUndefined();
  expect(await writer.write('new', status(1), undefined)).toBe(true);
});
