// The project's documentation: every Markdown file of the checkout.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { globSync } from 'node:fs';
import { checkout } from '../../../release/tools/paths';

export interface Page {
  /** The path, relative to the root of the checkout. */
  readonly path: string;
  readonly text: string;
}

const folders = '{.,docs,docs/adr,docs/examples,ebpf,release,e2e,operator}';

export function pages(): Page[] {
  return globSync(join(checkout, folders, '*.md'))
    .sort()
    .map((file) => ({ path: relative(checkout, file), text: readFileSync(file, 'utf8') }));
}

/** A fenced code block: the language after the fence, and the text inside. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

export function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language = '', inside = '']) => ({ language, text: inside }));
}

/** A page's text without code blocks and inline code, in which links do not count. */
export function proseOf(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
}

/** The anchors of a page, as GitHub makes them from headings. */
export function anchorsOf(text: string): string[] {
  const headings = [...text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}
