// Takes out of objects and logs what must not leave the cluster: credentials, by where they stand and by how they look.

/** What stands where something was taken out. */
export const redacted = '[redacted]';

const secretName = /token|secret|passw|credential|private|api[-_]?key/i;
/** Repeats the whole object, or is of no use to a reader. */
const noise = new Set(['managedFields', 'kubectl.kubernetes.io/last-applied-configuration']);

/** An object of the API as a report may hold it. Secrets keep their keys only; nobody asks for any, this is for a list that holds one. */
export function redactedObject(value: unknown): unknown {
  if (typeof value === 'string') return redactedText(value);
  if (Array.isArray(value)) return value.map(redactedObject);
  if (!isMap(value)) return value;
  const isSecret = value['kind'] === 'Secret';
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !noise.has(key))
      .map(([key, each]) => [key, isSecret && (key === 'data' || key === 'stringData') ? keysOf(each) : key === 'value' && isSecretVariable(value) ? redacted : redactedObject(each)]),
  );
}

function isSecretVariable({ name }: Readonly<Record<string, unknown>>): boolean {
  return typeof name === 'string' && secretName.test(name);
}

const keysOf = (value: unknown): unknown => (isMap(value) ? Object.fromEntries(Object.keys(value).map((key) => [key, redacted])) : redacted);
const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const shapes: readonly RegExp[] = [
  // A JSON Web Token: three parts in base64url, of which the first begins with {" encoded.
  /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(?<=\b(?:bearer|basic) )[\w.~+/=-]{8,}/gi,
  // The user of a URL.
  /(?<=:\/\/)[^\s/@:]+:[^\s/@]+(?=@)/g,
  /(?<=\b(?:password|passwd|token|secret|api[-_]?key)["']?\s*[=:]\s*["']?)[^\s"',;}]+/gi,
];

/** A log, or any text. */
export function redactedText(text: string): string {
  return shapes.reduce((rest, shape) => rest.replace(shape, redacted), text);
}
