import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { chartValues } from './chartValues';
import { generatedFiles } from './generated';
import { connectionReasonNames, nodeReasonNames } from './reasons';

const root = join(__dirname, '..', '..');

describe('the generated files', () => {
  it.each([...generatedFiles()])('%s in the checkout is what the schema says', (name, text) => {
    expect(readFileSync(join(root, name), 'utf8')).toBe(text);
  });

  it('tell every reason to people', () => {
    const page = generatedFiles().get('docs/reasons.md');
    for (const name of [...connectionReasonNames, ...nodeReasonNames]) expect(page).toContain(`| \`${name}\` |`);
  });

  it('leave nothing in the CRD that Helm would take for a template', () => {
    expect(generatedFiles().get('crds/acceleration.dev_sidecaraccelerations.yaml')).not.toContain('{{');
  });
});

describe('the ten-line example', () => {
  const example = readFileSync(join(root, 'docs/examples/default.yaml'), 'utf8');

  it('is what the README shows', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`\`\`\`yaml\n${example}\`\`\``);
  });

  it('is what the chart tells its user to apply', () => {
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
