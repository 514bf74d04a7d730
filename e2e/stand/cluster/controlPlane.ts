// Starts the control plane: etcd, API server, controller manager, scheduler, all on the control machine.
import { run } from '../../../release/tools/command';
import type { Tools } from '../tools/install';
import { waitFor } from '../support/waitFor';
import { controlAddress, servicePort, serviceSubnet } from './addresses';
import type { Identities } from './identities';
import type { Machine } from './machine';

const etcd = 'http://127.0.0.1:2379';

/** Starts etcd and the API server; returns at once. */
export function startApiServer(control: Machine, identities: Identities, tools: Tools): void {
  control.start('etcd', [
    '--data-dir=/var/lib/etcd',
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    // Writes need not survive a power cut, because the cluster does not outlive its run.
    '--unsafe-no-fsync',
  ]);
  control.start(tools.path('kube-apiserver'), [
    `--etcd-servers=${etcd}`,
    `--secure-port=${servicePort}`,
    `--bind-address=${controlAddress}`,
    `--advertise-address=${controlAddress}`,
    `--tls-cert-file=${identities.serverCertificate}`,
    `--tls-private-key-file=${identities.serverKey}`,
    `--token-auth-file=${identities.tokens}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${identities.serviceAccountKey}`,
    `--service-account-signing-key-file=${identities.serviceAccountKey}`,
    `--service-cluster-ip-range=${serviceSubnet}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--allow-privileged=true',
    '--cert-dir=/var/lib/kubernetes',
    ...identities.aggregation,
    // The control machine has routes to pods but no kube-proxy, so the API server must call pods and not cluster IPs.
    '--enable-aggregator-routing=true',
  ]);
}

/** Starts controller manager and scheduler, which need a running API server. */
export function startControllers(control: Machine, identities: Identities, tools: Tools): void {
  const common = ['--leader-elect=false', '--bind-address=127.0.0.1', '--cert-dir=/var/lib/kubernetes'];
  control.start(tools.path('kube-controller-manager'), [
    ...common,
    `--kubeconfig=${identities.kubeconfig('controller-manager')}`,
    `--service-account-private-key-file=${identities.serviceAccountKey}`,
    `--root-ca-file=${identities.authority}`,
    '--use-service-account-credentials=true',
    // The default directory would be made on this machine's own disk.
    '--flex-volume-plugin-dir=/var/lib/kubernetes/volume-plugins',
  ]);
  control.start(tools.path('kube-scheduler'), [...common, `--kubeconfig=${identities.kubeconfig('scheduler')}`]);
}

/** Waits until the API server is ready, which includes its bootstrap roles and priority classes. */
export async function apiServerReady(kubectl: string, kubeconfig: string): Promise<void> {
  await waitFor(
    'the API server to be ready',
    async () => (await run(kubectl, ['--kubeconfig', kubeconfig, 'get', '--raw', '/readyz'], { timeoutMs: 5000 })) === 'ok',
    { timeoutMs: 120_000 },
  );
}
