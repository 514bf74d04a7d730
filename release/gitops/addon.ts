// The add-on package: an archive with the chart and a description, from which a cluster console offers, configures and installs the product.
import { mkdir, mkdtemp, readFile, rm, copyFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { run } from '../tools/command';
import type { Tools } from '../tools/install';
import { buildDirectory, checkout } from '../tools/paths';
import { configSchema } from './configSchema';

const chart = join('charts', 'sidecar-acceleration');
const description = join('deploy', 'addon', 'addon.yaml');
const banner = '# Made from the chart by make render; do not edit.\n';

const chartFile = z.looseObject({ name: z.string(), version: z.string(), description: z.string(), kubeVersion: z.string() });

/** The form of addon.yaml, which a console reads. */
export const addonSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  title: z.string(),
  description: z.string(),
  category: z.string(),
  architecture: z.array(z.enum(['amd64', 'arm64'])).min(1),
  /** The oldest Kubernetes version, and the oldest kernel of a node, that the product works on. */
  min_cluster_version: z.string().regex(/^\d+\.\d+$/),
  min_kernel_version: z.string().regex(/^\d+\.\d+$/),
  supported_actions: z.array(z.enum(['Install', 'Modify', 'Upgrade', 'Uninstall'])),
  /** The chart's file in the package, and the release and namespace for its installation. */
  chart: z.strictObject({ file: z.string(), release: z.string(), namespace: z.string(), namespace_labels: z.record(z.string(), z.string()) }),
  /** JSON Schema (draft 7) of the settings; each is the chart value of the same path. */
  config_schema: z.looseObject({ properties: z.record(z.string(), z.unknown()) }),
});
export type Addon = z.infer<typeof addonSchema>;

/** Path relative to the root of the checkout → text. */
export function addonDescription(): Map<string, string> {
  const read = (name: string): string => readFileSync(join(checkout, chart, name), 'utf8');
  const { name, version, description: about, kubeVersion } = chartFile.parse(parse(read('Chart.yaml')));
  const addon: Addon = {
    name,
    version,
    title: 'Sidecar acceleration',
    description: about,
    category: 'network',
    architecture: ['amd64', 'arm64'],
    min_cluster_version: /\d+\.\d+/.exec(kubeVersion)?.[0] ?? '',
    min_kernel_version: '5.10',
    supported_actions: ['Install', 'Modify', 'Upgrade', 'Uninstall'],
    chart: {
      file: `${name}-${version}.tgz`,
      release: name,
      namespace: name,
      namespace_labels: { 'pod-security.kubernetes.io/enforce': 'privileged' },
    },
    config_schema: configSchema(JSON.parse(read('values.schema.json')), parse(read('values.yaml'), { version: '1.1' })),
  };
  return new Map([[description, banner + stringify(addonSchema.parse(addon), { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })]]);
}

/** Packs the add-on below build/addon; returns the path of the archive. */
export async function packAddon(tools: Tools<'helm'>): Promise<string> {
  const {
    name,
    version,
    chart: { file },
  } = addonSchema.parse(parse(await readFile(join(checkout, description), 'utf8'), { version: '1.1' }));
  const directory = await mkdtemp(join(tmpdir(), 'sidecar-acceleration-addon-'));
  try {
    await run(tools.path('helm'), ['package', join(checkout, chart), '--destination', directory]);
    await copyFile(join(checkout, description), join(directory, 'addon.yaml'));
    const target = join(buildDirectory, 'addon');
    await mkdir(target, { recursive: true });
    const archive = join(target, `${name}-addon-${version}.tgz`);
    await run('tar', ['-czf', archive, '-C', directory, 'addon.yaml', file]);
    return archive;
  } finally {
    await rm(directory, { recursive: true });
  }
}
