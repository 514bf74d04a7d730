import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { chartValues } from './chartValues';
import { generatedFiles } from './generated';
import { connectionReasonNames, nodeReasonNames } from './reasons';

const root = join(__dirname, '..', '..');

describe('the generated files', () => {
  it.each([...generatedFiles()])('%s in the checkout is up to date', (name, text) => {
    expect(readFileSync(join(root, name), 'utf8')).toBe(text);
  });

  it('list every reason of a connection and of a node in docs/reasons.md', () => {
    const page = generatedFiles().get('docs/reasons.md');
    for (const name of [...connectionReasonNames, ...nodeReasonNames]) expect(page).toContain(`| \`${name}\` |`);
  });

  it('have no {{ in the CRD, which Helm would evaluate', () => {
    expect(generatedFiles().get('crds/acceleration.dev_sidecaraccelerations.yaml')).not.toContain('{{');
  });
});

describe('the example docs/examples/default.yaml', () => {
  const example = readFileSync(join(root, 'docs/examples/default.yaml'), 'utf8');

  it('stands in the README', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`\`\`\`yaml\n${example}\`\`\``);
  });

  it('stands in the notes that helm install prints', () => {
    const notes = readFileSync(join(root, 'charts/sidecar-acceleration/templates/NOTES.txt'), 'utf8');
    expect(notes.replace(/^ {2}/gm, '')).toContain(example);
  });
});

describe('the chart', () => {
  it('has default values that its own schema accepts', () => {
    const text = readFileSync(join(root, 'charts/sidecar-acceleration/values.yaml'), 'utf8');
    expect(chartValues.safeParse(parse(text)).error).toBeUndefined();
  });
});
