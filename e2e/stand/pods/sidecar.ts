// A real Envoy as sidecar of a test pod, with the rules that Istio's injector sets, without Kubernetes.
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { TestNode, TestPod } from '../../../ebpf/tests/pods';
import { attempt } from '../../../release/tools/command';
import { waitFor } from '../support/waitFor';

const image = join(__dirname, '..', 'mesh', 'image');
/** The user id of Istio's sidecar: the rules do not redirect connections of this user. */
const proxyUser = '1337';
const inboundPort = 15006;

/**
 * Sets Istio's rules in the pod and starts an Envoy in it. Resolves when the Envoy listens.
 * @param envoy the binary's path: `installTools(progress, ['envoy'])` brings it
 */
export async function addSidecar(node: TestNode, pod: TestPod, envoy: string): Promise<ChildProcess> {
  node.exec(pod, 'sh', join(image, 'istio-rules.sh'));
  const user = ['--reuid', proxyUser, '--regid', proxyUser, '--clear-groups'];
  // Without hot restart: several Envoys on one machine would use the same shared memory for it.
  const options = ['--concurrency', '1', '-l', 'error', '--disable-hot-restart'];
  const child = node.start(pod, 'setpriv', ...user, envoy, '-c', join(image, 'envoy.yaml'), ...options);
  await waitFor(`Envoy of ${pod.name} to listen`, () => listens(pod, inboundPort), { everyMs: 50 });
  return child;
}

/** Whether a program listens on a port of the pod. */
export async function listens(pod: TestPod, port: number): Promise<boolean> {
  const { stdout } = await attempt('nsenter', [`--net=/run/netns/${pod.name}`, 'ss', '-Hltn', `sport = :${port}`]);
  return stdout.trim() !== '';
}
