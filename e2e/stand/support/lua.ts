// Runs a health check for Argo CD in a real Lua 5.1, with the libraries that Argo CD opens and no others.
import { run } from '../../../release/tools/command';

export interface Health {
  readonly status: string;
  readonly message: string;
}

/** Removes the libraries that Argo CD does not open, so that a script that needs them fails here too (util/lua/lua.go, v3.1). */
const sandbox = 'string, io, math, debug, package, require, dofile, loadfile = nil\n';
const print = 'local found = (function()\n%SCRIPT%\nend)()\nprint(found.status)\nprint(found.message or "")\n';

/**
 * The health that the script finds for the object.
 * @throws CommandError when the script fails
 */
export async function healthOf(script: string, object: unknown): Promise<Health> {
  const program = `${sandbox}obj = ${luaOf(object)}\n${print.replace('%SCRIPT%', () => script)}`;
  const [status = '', message = ''] = (await run('lua5.1', ['-'], { input: program })).split('\n');
  return { status, message };
}

/** A JSON value as a Lua expression; null becomes nil, as Argo CD converts it. */
function luaOf(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return `{${value.map(luaOf).join(', ')}}`;
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([key, each]) => `[${quoted(key)}] = ${luaOf(each)}`)
      .join(', ')}}`;
  return typeof value === 'string' ? quoted(value) : String(value);
}

/** A text as a Lua string: bytes that are not plain characters become decimal escapes, which Lua 5.1 can read. */
function quoted(text: string): string {
  const bytes = [...Buffer.from(text, 'utf8')].map((byte) =>
    byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`,
  );
  return `"${bytes.join('')}"`;
}
