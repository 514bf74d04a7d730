// The network of a cluster: a bridge on the control machine, a veth pair to each node, and routes between the nodes' pods. No route leads out of it.
import { controlAddress, nodeAddresses } from './addresses';
import type { Machine } from './machine';
import { run } from '../../../release/tools/command';

const control6 = 'fd00:247::10';

/** Makes the bridge on the control machine. */
export async function layNetwork(control: Machine): Promise<void> {
  await ip(control, [
    'link add nodes type bridge',
    'link set nodes up',
    `addr add ${controlAddress}/24 dev nodes`,
    `addr add ${control6}/64 dev nodes nodad`,
  ]);
}

/** Connects node `index` of `count` to the bridge and sets routes to the pods of every other node. */
export async function connectNode(control: Machine, node: Machine, index: number, count: number): Promise<void> {
  const own = nodeAddresses(index);
  const port = `n${index}`;
  // Runs in the control machine's network but outside its PID namespace, because `ip` needs the process ids of both machines.
  const peer = ['link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(node.first.pid)];
  await run('nsenter', ['-t', String(control.first.pid), '-n', 'ip', ...peer]);
  await ip(control, [`link set ${port} master nodes up`, `route add ${own.pods} via ${own.node}`]);
  await ip(node, [
    'link set eth0 up',
    `addr add ${own.node}/24 dev eth0`,
    `addr add ${own.node6}/64 dev eth0 nodad`,
    `route add default via ${controlAddress}`,
    ...others(index, count).flatMap((other) => {
      const { node: via, node6, pods, pods6 } = nodeAddresses(other);
      return [`route add ${pods} via ${via}`, `route add ${pods6} via ${node6}`];
    }),
  ]);
}

function others(index: number, count: number): number[] {
  return Array.from({ length: count }, (_, position) => position + 1).filter((each) => each !== index);
}

/** Runs a list of `ip` commands in one process. */
async function ip(machine: Machine, commands: readonly string[]): Promise<void> {
  await machine.run('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n` });
}
