import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installed } from '../../../operator/cli/doctor/clusters.testing';
import { exitCode } from '../../../operator/cli/exit';
import { accelctl } from '../../../operator/cli/run.testing';
import { checkout } from '../../../release/tools/paths';
import { blocksOf, pages } from '../../stand/support/pages';

/** The commands that a reader may copy from a page: in code blocks for a shell, in examples that begin with `$`, and in inline code. */
const commands = pages().flatMap(({ path, text }) => {
  const inBlocks = blocksOf(text).flatMap(({ language, text: inside }) =>
    language === 'sh' ? inside.trim().split('\n') : [...inside.matchAll(/^\s*\$ (.+)$/gm)].map(([, line = '']) => line),
  );
  const inLines = [...text.matchAll(/`(?:accelctl|make|kubectl|helm) [^`\n]+`/g)].map(([code]) => code.slice(1, -1));
  return [...inBlocks, ...inLines].flatMap((line) => line.split(/ && | \| /)).map((line) => ({ path, line: line.trim() }));
});

const of = (program: string): string[] => [...new Set(commands.filter(({ line }) => line.startsWith(`${program} `)).map(({ line }) => line))];
const wordsOf = (line: string): string[] => [...line.matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word.replaceAll(/^["']|["']$/g, ''));

describe('a command of the documentation', () => {
  let directory: string;
  let write: jest.SpyInstance;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'documented-'));
    write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  });
  afterAll(() => {
    write.mockRestore();
    rmSync(directory, { recursive: true });
  });

  // Placeholders are replaced by a name. A text may mention `accelctl explain` without its argument; it gets one.
  it.each(of('accelctl'))('is one that accelctl knows: %s', async (line) => {
    const [command = '', ...rest] = wordsOf(line.replaceAll(/<[^>]+>|NAMESPACE|\.\.\./g, 'shop')).slice(1);
    const words = [command, ...(command === 'explain' && rest.length === 0 ? ['shop'] : rest)];
    const file = words[0] === 'report' && !words.includes('-f') ? ['-f', join(directory, `${Math.random()}.tar.gz`)] : [];
    const spec = words.map((word) => (word === '$(cat spec.yaml)' ? '{mode: Accelerate}' : word.replace('/tmp/', `${directory}/`)));
    const { code, complaints } = await accelctl(installed(), [...spec, ...file], 1);
    if (words[0] === 'on' && words.includes('--select')) expect(complaints[0]).toContain('there is one already');
    else expect([line, code === exitCode.usage ? complaints : 'understood']).toEqual([line, 'understood']);
  });

  it.each(of('make'))('has targets that the Makefile has: %s', (line) => {
    const targets = line
      .replace(/#.*/, '')
      .trim()
      .split(' ')
      .slice(1)
      .filter((word) => !word.includes('='));
    const makefile = readFileSync(join(checkout, 'Makefile'), 'utf8');
    for (const target of targets) expect(makefile).toMatch(new RegExp(`^([a-z -]* )?${target}( [a-z -]*)?:`, 'm'));
  });

  it.each([...of('kubectl'), ...of('helm'), ...of('node')])('names files that exist: %s', (line) => {
    const files = wordsOf(line).filter(
      (word) => /^(docs|deploy|charts|crds|operator|release|e2e|node_modules)\//.test(word) && word.includes('.') !== word.startsWith('operator'),
    );
    for (const file of files) expect([file, existsSync(join(checkout, file))]).toEqual([file, true]);
  });

  it('has no syntax error, by bash -n for each block', () => {
    for (const { path, text } of pages()) {
      const blocks = blocksOf(text).filter(({ language }) => language === 'sh');
      for (const block of blocks)
        expect(() => execFileSync('bash', ['-n'], { input: block.text, stdio: ['pipe', 'ignore', 'pipe'] })).not.toThrow(path);
    }
    expect(of('helm').length).toBeGreaterThan(3);
  });
});
