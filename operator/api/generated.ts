// Every generated file by its path in the checkout, as text; nothing is written here.
import { stringify } from 'yaml';
import { z } from 'zod';
import { chartValues } from './chartValues';
import { group, plural } from './constants';
import { customResourceDefinition } from './crd';
import { privilegesPage } from './privilegesPage';
import { reasonsPage } from './reasonsPage';

const chart = 'charts/sidecar-acceleration';
const banner = '# Generated from operator/api by npm run generate; do not edit.\n';

/** In YAML 1.1, which Kubernetes' tools read, a bare Off is the boolean false; the writer quotes it when told so. */
function crdYaml(): string {
  return stringify(customResourceDefinition(), { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * The CRD as a template of the chart. It is not in the chart's crds/ folder, because Helm never upgrades what is there;
 * and it is text rather than .Files.Get | fromYaml, because that turns the bounds of integers into floating point.
 */
function crdTemplate(): string {
  const keep = "metadata:\n  {{- if .Values.crds.keep }}\n  annotations:\n    helm.sh/resource-policy: keep\n  {{- end }}\n";
  return `{{- if .Values.crds.enabled }}\n${banner}${crdYaml().replace('metadata:\n', keep)}{{- end }}\n`;
}

/**
 * As the user writes values: what has a default may be left out. Objects of known fields are closed, so that a typing
 * error is refused by name; marks that only the API server reads are left out.
 */
function valuesSchema(): string {
  const schema = z.toJSONSchema(chartValues, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      const marks = Object.keys(jsonSchema).filter((keyword) => keyword.startsWith('x-kubernetes-'));
      for (const mark of marks) delete jsonSchema[mark as keyof typeof jsonSchema];
      if (jsonSchema.properties !== undefined) jsonSchema.additionalProperties ??= false;
    },
  });
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Path relative to the root of the checkout → text. */
export function generatedFiles(): Map<string, string> {
  return new Map([
    [`crds/${group}_${plural}.yaml`, banner + crdYaml()],
    [`${chart}/templates/crd.yaml`, crdTemplate()],
    [`${chart}/values.schema.json`, valuesSchema()],
    ['docs/reasons.md', reasonsPage()],
    ['docs/privileges.md', privilegesPage()],
  ]);
}
