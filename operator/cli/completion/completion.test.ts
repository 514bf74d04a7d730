import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeApi, refusal } from '../api.testing';
import { exitCode } from '../exit';
import { accelctl } from '../run.testing';
import { scripts } from './scripts';

const namespaces = { items: [{ metadata: { name: 'shop' } }, { metadata: { name: 'store' } }, { metadata: { name: 'billing' } }] };
const cluster = () => new FakeApi().on('GET /api/v1/namespaces', namespaces);

async function completed(...words: string[]): Promise<string[]> {
  const { code, printed, complaints } = await accelctl(cluster(), ['__complete', ...words]);
  expect([code, complaints]).toEqual([exitCode.success, []]);
  return printed.join('\n').split('\n');
}
const wordsOf = async (...words: string[]): Promise<string[]> => (await completed(...words)).map((line) => line.split('\t')[0] ?? '');

describe('completion', () => {
  it('offers the commands with their descriptions, and not the hidden one', async () => {
    const lines = await completed('');
    expect(lines).toContain('status\tshow for each namespace what is accelerated, and the reasons of what is not');
    expect(lines.join('\n')).not.toContain('__complete');
  });

  it.each([
    ['a command by its first letters', ['do'], ['doctor']],
    ['namespaces as the argument of explain', ['explain', 's'], ['shop', 'store']],
    ['nothing after the last argument', ['explain', 'shop', ''], []],
    ['the formats', ['status', '-o', ''], ['json', 'table', 'yaml']],
    ['a format by its first letter', ['status', '--output', 'y'], ['yaml']],
    ['an option of the command', ['on', '--obs'], ['--observe']],
    ['an option of the program after a command', ['status', '--kube'], ['--kubeconfig']],
    ['a namespace after an option that takes one', ['doctor', '-n', 'b'], ['billing']],
    ['a command after an option of the program and its value', ['--context', 'on', 'dr'], ['drain']],
    ['the shells', ['completion', ''], ['bash', 'fish', 'zsh']],
    ['nothing for an option with a free value', ['off', '--timeout', ''], []],
  ])('offers %s', async (_what, words, expected) => {
    expect(await wordsOf(...words)).toEqual([...expected, ':4']);
  });

  it.each([
    ['the user may not list namespaces', 403],
    ['the API server does not answer', 0],
  ])('offers nothing, without an error, when %s', async (_when, status) => {
    const { code, printed, complaints } = await accelctl(new FakeApi().on('GET /api/v1/namespaces', refusal(status)), ['__complete', 'explain', '']);
    expect([code, printed, complaints]).toEqual([exitCode.success, [':4'], []]);
  });
});

describe('the script for bash', () => {
  it('puts a name with shell syntax on the line as one word that runs nothing', () => {
    const directory = mkdtempSync(join(tmpdir(), 'accelctl-completion-'));
    try {
      const [program, names] = [join(directory, 'accelctl'), ['prod;touch x', '$(touch x)', '`touch x`', '~', "a'b", 'a\\ b', '>x', '{a,b}', '#']];
      writeFileSync(program, `#!/bin/sh\ncat ${join(directory, 'names')}\n`);
      writeFileSync(join(directory, 'names'), `${names.join('\n')}\n:4\n`);
      chmodSync(program, 0o755);
      const line = `COMP_WORDS=(${program} st); COMP_CWORD=1; _accelctl; for each in "\${COMPREPLY[@]}"; do eval "printf '%s\\n' $each"; done`;
      const printed = execFileSync('bash', ['-c', `${scripts.bash}\n${line}`], { encoding: 'utf8', cwd: directory });
      expect(printed).toBe(`${names.join('\n')}\n`);
      expect(readdirSync(directory).sort()).toEqual(['accelctl', 'names']);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('offers the program’s words, without descriptions', () => {
    const directory = mkdtempSync(join(tmpdir(), 'accelctl-completion-'));
    try {
      const program = join(directory, 'accelctl');
      writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "got $#:$2\tof words" "two words\tmore" :4\n');
      chmodSync(program, 0o755);
      const line = `COMP_WORDS=(${program} st); COMP_CWORD=1; _accelctl; printf '%s|' "\${COMPREPLY[@]}"`;
      expect(execFileSync('bash', ['-c', `${scripts.bash}\n${line}`], { encoding: 'utf8' })).toBe('got\\ 2:st|two\\ words|');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
