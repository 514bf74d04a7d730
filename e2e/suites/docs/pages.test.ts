import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { checkout } from '../../../release/tools/paths';
import { anchorsOf, blocksOf, pages, proseOf } from '../../stand/support/pages';

const all = pages();

/** The targets of a page's links: `[text](target)`, `![text](target)` and `[name]: target`. */
function targetsOf(text: string): string[] {
  const prose = proseOf(text);
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g), ...prose.matchAll(/^\[[^\]]+\]: (\S+)$/gm)].map(([, target = '']) => target);
}

describe('a link of the documentation', () => {
  const links = all.flatMap(({ path, text }) => targetsOf(text).map((target) => ({ path, target })));
  const local = links.filter(({ target }) => !/^[a-z]+:/.test(target));

  it.each(local.map(({ path, target }) => [path, target]))('in %s to %s leads to a file and heading that exist', (path, target) => {
    const [file = '', anchor] = target.split('#');
    const found = file === '' ? path : normalize(join(dirname(path), file));
    expect([found, existsSync(join(checkout, found))]).toEqual([found, true]);
    if (anchor !== undefined) expect(anchorsOf(readFileSync(join(checkout, found), 'utf8'))).toContain(anchor);
  });

  it('to another site uses https and is no placeholder', () => {
    const elsewhere = links.filter(({ target }) => /^[a-z]+:/.test(target)).map(({ target }) => target);
    for (const target of elsewhere) expect(target).toMatch(/^https:\/\/(?!.*example)/);
    expect(elsewhere.length).toBeGreaterThan(0);
  });

  it('by a name has a definition of the name, and each definition is used', () => {
    for (const { text } of all) {
      const prose = proseOf(text);
      const named = [...prose.matchAll(/\]\[([a-z-]+)\]/g)].map(([, name = '']) => name);
      const defined = [...prose.matchAll(/^\[([a-z-]+)\]: /gm)].map(([, name = '']) => name);
      expect([...new Set(named)].sort()).toEqual([...defined].sort());
    }
  });
});

describe('the documentation', () => {
  it('has an index that links to every page that is not generated', () => {
    const index = all.find(({ path }) => path === 'docs/README.md');
    const named = targetsOf(index?.text ?? '').map((target) => normalize(join('docs', target)));
    const written = all
      .filter(({ path, text }) => path.startsWith('docs/') && !path.startsWith('docs/adr/') && !text.startsWith('<!--'))
      .map(({ path }) => path);
    expect(written.filter((path) => path !== 'docs/README.md' && !named.includes(path))).toEqual([]);
  });

  it('names the language of every code block', () => {
    const unnamed = all
      .filter(({ path }) => path.startsWith('docs/'))
      .flatMap(({ path, text }) =>
        blocksOf(text)
          .filter(({ language }) => language === '')
          .map(() => path),
      );
    expect(unnamed).toEqual([]);
  });
});
