// A measurement with a datapath and test pods of its own, which are gone when it is over.
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

/** Five pods, of which four could have all of the node's memory in their shares. */
export function fivePods(f: Fixture): TestPod[] {
  const pods = [f.client, f.server, ...[3, 4, 5].map(() => f.node.addPod())];
  f.trust(f.node.cgroup);
  return pods;
}
