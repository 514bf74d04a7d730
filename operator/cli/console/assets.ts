// The files that the browser loads: the page's own files and its libraries from node_modules. There is no build step and no file from another server.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

const types = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

const page = join(__dirname, 'page');
const beside = (module: string, file: string): string => join(dirname(require.resolve(module)), file);

/** URL path → file. The paths below /lib/ are those of the page's import map. */
const files: Readonly<Record<string, string>> = {
  '/': join(page, 'index.html'),
  ...Object.fromEntries(
    [
      'page.css',
      'icon.svg',
      'main.mjs',
      'api.mjs',
      'overview.mjs',
      'namespaces.mjs',
      'nodes.mjs',
      'plots.mjs',
      'bench.mjs',
      'confirm.mjs',
      'why.mjs',
      'words.mjs',
    ].map((name) => [`/${name}`, join(page, name)]),
  ),
  '/lib/preact.mjs': require.resolve('preact'),
  '/lib/hooks.mjs': require.resolve('preact/hooks'),
  '/lib/htm.mjs': beside('htm', 'htm.mjs'),
  '/lib/htm-preact.mjs': beside('htm/preact', 'index.mjs'),
  '/lib/uplot.mjs': beside('uplot', 'uPlot.esm.js'),
  '/lib/uplot.css': beside('uplot', 'uPlot.min.css'),
};

/** Reads all files, by URL path. @throws Error when a file is missing */
export function readAssets(): ReadonlyMap<string, Asset> {
  return new Map(Object.entries(files).map(([path, file]) => [path, { type: typeOf(file), body: readFileSync(file) }]));
}

function typeOf(file: string): string {
  const ending = file.slice(file.lastIndexOf('.') + 1);
  return types[ending as keyof typeof types];
}

/** The hashes (`sha256-...`) of a page's inline scripts, for its content security policy. */
export function inlineScriptHashes(html: string): string[] {
  return [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([^]*?)<\/script>/g)].map(
    ([, script = '']) => `sha256-${createHash('sha256').update(script).digest('base64')}`,
  );
}
