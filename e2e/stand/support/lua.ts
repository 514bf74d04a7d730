// Runs a health check of Argo CD's in a real Lua 5.1, with the libraries that Argo CD gives it and no others.
import { run } from '../../../release/tools/command';

export interface Health {
  readonly status: string;
  readonly message: string;
}

/** Argo CD opens base, table and a clock; a script that needs more works here and fails there (util/lua/lua.go, v3.1). */
const sandbox = 'string, io, math, debug, package, require, dofile, loadfile = nil\n';
const print = 'local found = (function()\n%SCRIPT%\nend)()\nprint(found.status)\nprint(found.message or "")\n';

/**
 * What the script says of the object.
 * @throws CommandError when the script fails
 */
export async function healthOf(script: string, object: unknown): Promise<Health> {
  const program = `${sandbox}obj = ${luaOf(object)}\n${print.replace('%SCRIPT%', () => script)}`;
  const [status = '', message = ''] = (await run('lua5.1', ['-'], { input: program })).split('\n');
  return { status, message };
}

/** JSON as a Lua expression; null is nil, as in Argo CD's own conversion. */
function luaOf(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return `{${value.map(luaOf).join(', ')}}`;
  if (typeof value === 'object') return `{${Object.entries(value).map(([key, each]) => `[${quoted(key)}] = ${luaOf(each)}`).join(', ')}}`;
  return typeof value === 'string' ? quoted(value) : String(value);
}

/** Lua 5.1 knows decimal escapes of bytes; so every text is written by them where it is not plain. */
function quoted(text: string): string {
  const bytes = [...Buffer.from(text, 'utf8')].map((byte) => (byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`));
  return `"${bytes.join('')}"`;
}
