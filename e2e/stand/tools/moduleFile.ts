// Files of public Go modules, such as the CRDs of other operators, fetched through the Go module proxy and checked against a checksum.
import { join } from 'node:path';
import { z } from 'zod';
import { run } from '../../../release/tools/command';

/** A file in a released module; `sum` is the module's line in a go.sum. */
export interface ModuleFile {
  readonly module: string;
  readonly version: string;
  readonly sum: string;
  readonly path: string;
}

/** The Prometheus operator's CRD of ServiceMonitor. Apache-2.0. */
export const serviceMonitorCrd: ModuleFile = {
  module: 'github.com/prometheus-operator/prometheus-operator',
  version: 'v0.85.0',
  sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
  path: 'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
};

/** Argo CD's CRD of Application. Apache-2.0. */
export const applicationCrd: ModuleFile = {
  module: 'github.com/argoproj/argo-cd/v3',
  version: 'v3.1.5',
  sum: 'h1:dm1SY5CaILDIQIQINA4H6uJrXpExyif2Yz5915g91kQ=',
  path: 'manifests/crds/application-crd.yaml',
};

const downloaded = z.looseObject({ Dir: z.string(), Sum: z.string() });

/**
 * The path of the file in Go's module cache.
 * @throws when the module cannot be fetched or has another checksum than the pinned one
 */
export async function provideModuleFile({ module, version, sum, path }: ModuleFile): Promise<string> {
  const found = downloaded.parse(JSON.parse(await run('go', ['mod', 'download', '-json', `${module}@${version}`], { timeoutMs: 300_000 })));
  if (found.Sum !== sum) throw new Error(`fetching ${module}@${version}: its checksum is ${found.Sum} and not ${sum}`);
  return join(found.Dir, path);
}
