// Live data behind a real API server without a controller: the server of the live API runs in this process, and the test answers for the node.
import { connectionWith, ScriptedAgent, watchedWith } from '../../../operator/controller/live/live.testing';
import { readFrontProxy } from '../../../operator/controller/live/frontProxy';
import { Questions } from '../../../operator/controller/live/questions';
import { serveLive } from '../../../operator/controller/live/server';
import { kubeClient, loadKubeConfig } from '../../../operator/kube';
import { testAuthority } from '../../../operator/protocol/certificates.testing';
import { liveApiService, liveGroup, liveVersion } from '../../../operator/api';
import type { ApiServer } from './apiServer';

/** A Service of type ExternalName, by which the API server reaches this machine. */
const service = { name: 'live-here', namespace: 'default' };

export interface RunningLiveServer {
  stop(): Promise<void>;
}

/** Resolves when the API server serves live data. @param tripUs gives the round-trip time that the node answers with, in microseconds */
export async function startLiveServer(server: ApiServer, tripUs: () => number): Promise<RunningLiveServer> {
  const client = kubeClient(loadKubeConfig(server.kubeconfig));
  const authority = testAuthority();
  const agent: ScriptedAgent = new ScriptedAgent('node1', ({ id, cancel }) => {
    const pod = { namespace: 'shop', name: 'cart', open: 180, accelerated: 180, fastBytes: 5000, tcpBytes: 100, rttUs: tripUs() };
    if (!cancel) setImmediate(() => questions.heard('node1', watchedWith(id, { connections: [connectionWith()], pods: [pod] })));
  });
  const questions = new Questions(() => [agent]);
  const running = await serveLive({
    host: '127.0.0.1',
    port: 0,
    tls: authority.issue(`${service.name}.${service.namespace}.svc`),
    frontProxy: await readFrontProxy(client),
    client,
    questions,
    now: () => new Date(),
    log: () => undefined,
  });
  const objects = [
    { apiVersion: 'v1', kind: 'Service', metadata: service, spec: { type: 'ExternalName', externalName: 'localhost' } },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: liveApiService },
      spec: {
        group: liveGroup,
        version: liveVersion,
        groupPriorityMinimum: 100,
        versionPriority: 100,
        caBundle: Buffer.from(authority.ca).toString('base64'),
        service: { ...service, port: running.port },
      },
    },
  ];
  const applied = await server.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const waited = await server.kubectl(['wait', '--for=condition=Available', `apiservice/${liveApiService}`, '--timeout=60s']);
  if (applied.code + waited.code !== 0) throw new Error(`serving live data: ${applied.stderr}${waited.stderr}`);
  return { stop: () => running.close() };
}
