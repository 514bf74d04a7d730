// A patch of Argo CD's ConfigMap that adds the product's health check, for users who do not build it from resource_customizations.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { group, kind } from '../../operator/api';
import { checkout } from '../tools/paths';

export const healthDirectory = join('deploy', 'argocd', 'resource_customizations', group, kind);
const banner = '# Made from health.lua by make render; do not edit. Merge it: kubectl -n argocd patch configmap argocd-cm --patch-file FILE\n';

/** Path relative to the root of the checkout → text. */
export function argocdSettings(): Map<string, string> {
  const lua = readFileSync(join(checkout, healthDirectory, 'health.lua'), 'utf8');
  const object = { data: { [`resource.customizations.health.${group}_${kind}`]: lua } };
  return new Map([[join('deploy', 'argocd', 'argocd-cm.patch.yaml'), banner + stringify(object, { lineWidth: 0 })]]);
}
