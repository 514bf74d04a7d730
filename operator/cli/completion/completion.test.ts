import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
  expect([code, complaints]).toEqual([exitCode.fine, []]);
  return printed.join('\n').split('\n');
}
const wordsOf = async (...words: string[]): Promise<string[]> => (await completed(...words)).map((line) => line.split('\t')[0] ?? '');

describe('what may come next', () => {
  it('are the commands, with what they do, and never the hidden one', async () => {
    const lines = await completed('');
    expect(lines).toContain('status\tshow what is accelerated, per namespace, and what is not and why');
    expect(lines.join('\n')).not.toContain('__complete');
  });

  it.each([
    ['a command by its beginning', ['do'], ['doctor']],
    ['a namespace to explain', ['explain', 's'], ['shop', 'store']],
    ['nothing after what was to be explained', ['explain', 'shop', ''], []],
    ['the formats', ['status', '-o', ''], ['json', 'table', 'yaml']],
    ['a format by its beginning', ['status', '--output', 'y'], ['yaml']],
    ['an option of the command', ['on', '--obs'], ['--observe']],
    ['an option of the program after a command', ['status', '--kube'], ['--kubeconfig']],
    ['a namespace after an option that wants one', ['doctor', '-n', 'b'], ['billing']],
    ['a command after an option of the program and its value', ['--context', 'on', 'dr'], ['drain']],
    ['the shells', ['completion', ''], ['bash', 'fish', 'zsh']],
    ['nothing for a value that is free', ['off', '--timeout', ''], []],
  ])('is %s', async (_what, words, expected) => {
    expect(await wordsOf(...words)).toEqual([...expected, ':4']);
  });

  it('is nothing, without an error, where the cluster does not answer', async () => {
    const { code, printed, complaints } = await accelctl(new FakeApi().on('GET /api/v1/namespaces', refusal(403)), ['__complete', 'explain', '']);
    expect([code, printed, complaints]).toEqual([exitCode.fine, [':4'], []]);
  });
});

describe('the script for bash', () => {
  it('offers what the program says, without descriptions', () => {
    const directory = mkdtempSync(join(tmpdir(), 'accelctl-completion-'));
    try {
      const program = join(directory, 'accelctl');
      writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "got $#:$2\tof words" "two words\tmore" :4\n');
      chmodSync(program, 0o755);
      const line = `COMP_WORDS=(${program} st); COMP_CWORD=1; _accelctl; printf '%s|' "\${COMPREPLY[@]}"`;
      expect(execFileSync('bash', ['-c', `${scripts.bash}\n${line}`], { encoding: 'utf8' })).toBe('got 2:st|two words|');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
