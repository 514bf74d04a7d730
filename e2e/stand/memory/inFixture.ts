// Runs a measurement with a datapath and test pods of its own, and removes them afterwards.
import { Fixture } from '../../../ebpf/tests/fixture';
import type { TestPod } from '../../../ebpf/tests/pods';

export async function inFixture<T>(measure: (f: Fixture) => Promise<T>): Promise<T> {
  const f = new Fixture();
  try {
    return await measure(f);
  } finally {
    await f.remove();
  }
}

/** Five pods; the shares of four pods already come to all of the node's memory for unread messages. */
export function fivePods(f: Fixture): TestPod[] {
  const pods = [f.client, f.server, ...[3, 4, 5].map(() => f.node.addPod())];
  f.trust(f.node.cgroup);
  return pods;
}
