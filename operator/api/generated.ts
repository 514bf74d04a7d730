// The text of every generated file by its path in the checkout. generate.ts writes the files.
import { stringify } from 'yaml';
import { z } from 'zod';
import { chartValues } from './chartValues';
import { group, plural } from './constants';
import { customResourceDefinition } from './crd';
import { privilegesPage } from './privilegesPage';
import { reasonsPage } from './reasonsPage';

const chart = 'charts/sidecar-acceleration';
const banner = '# Generated from operator/api by npm run generate; do not edit.\n';

/** Kubernetes' tools read YAML 1.1, in which an unquoted Off is the boolean false; with `version: '1.1'` the writer quotes it. */
function crdYaml(): string {
  return stringify(customResourceDefinition(), { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * The CRD as a template of the chart. It is not in the chart's crds/ folder, because Helm never upgrades files of that folder. It is text
 * and not `.Files.Get | fromYaml`, because fromYaml turns the bounds of integers into floating-point numbers.
 */
function crdTemplate(): string {
  const keep = 'metadata:\n  {{- if .Values.crds.keep }}\n  annotations:\n    helm.sh/resource-policy: keep\n  {{- end }}\n';
  return `{{- if .Values.crds.enabled }}\n${banner}${crdYaml().replace('metadata:\n', keep)}{{- end }}\n`;
}

/**
 * The JSON schema of the chart's values as a user writes them: fields with a default may be left out. An object with known fields takes no
 * other, so that helm refuses a misspelt field by name. The x-kubernetes-* keywords, which only the API server reads, are dropped.
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
