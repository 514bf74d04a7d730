// Redacts credentials in objects and logs, by the names of fields and variables and by patterns in texts.

/** The text that replaces a secret. */
export const redacted = '[redacted]';

const secretName = /token|secret|passw|credential|private|api[-_]?key/i;
/** Fields that repeat the object, or that no reader of a report needs. */
const omittedFields = new Set(['managedFields', 'kubectl.kubernetes.io/last-applied-configuration']);

/** A copy of an API object without credentials. A Secret keeps only its keys; accelctl requests no Secrets, but a list could contain one. */
export function redactedObject(value: unknown): unknown {
  if (typeof value === 'string') return redactedText(value);
  if (Array.isArray(value)) return value.map(redactedObject);
  if (!isMap(value)) return value;
  const isSecret = value['kind'] === 'Secret';
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !omittedFields.has(key))
      .map(([key, each]) => [
        key,
        isSecret && (key === 'data' || key === 'stringData')
          ? keysOf(each)
          : key === 'value' && isSecretVariable(value)
            ? redacted
            : redactedObject(each),
      ]),
  );
}

function isSecretVariable({ name }: Readonly<Record<string, unknown>>): boolean {
  return typeof name === 'string' && secretName.test(name);
}

const keysOf = (value: unknown): unknown => (isMap(value) ? Object.fromEntries(Object.keys(value).map((key) => [key, redacted])) : redacted);
const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Patterns and their replacements. Each takes time in proportion to the text: no pattern reads the same characters from many starts. */
const shapes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, redacted],
  [/(?<=\b(?:bearer|basic) )[\w.~+/=-]{8,}/gi, redacted],
  // The user of a URL.
  [/(?<=:\/\/)[^\s/@:]+:[^\s/@]+(?=@)/g, redacted],
  // Not by a lookbehind: it would read the white space before each position again.
  [/\b((?:password|passwd|token|secret|api[-_]?key)["']?\s*[=:]\s*["']?)[^\s"',;}]+/gi, `$1${redacted}`],
];

/** A copy of a log or another text without credentials. */
export function redactedText(text: string): string {
  return shapes.reduce((rest, [shape, replacement]) => rest.replace(shape, replacement), withoutTokens(text));
}

/** Shortest first part of a JSON Web Token that is recognised, in characters. */
const shortestPart = 11;

/** JSON Web Tokens have three parts in base64url, separated by dots; the first part begins with the encoded {". */
function withoutTokens(text: string): string {
  if (!text.includes('eyJ')) return text;
  return text.replace(/[\w.-]+/g, (run) => (run.includes('eyJ') ? withoutTokensIn(run.split('.')) : run));
}

/** @param parts a run of characters of base64url, split at its dots */
function withoutTokensIn(parts: readonly string[]): string {
  const kept: string[] = [];
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at] ?? '';
    const start = part.indexOf('eyJ');
    const isToken = start >= 0 && part.length - start >= shortestPart && (parts[at + 1] ?? '') !== '' && at + 2 < parts.length;
    kept.push(isToken ? part.slice(0, start) + redacted : part);
    if (isToken) at += 2;
  }
  return kept.join('.');
}
