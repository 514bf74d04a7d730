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

const shapes: readonly RegExp[] = [
  // A JSON Web Token: three parts in base64url; the first part begins with the encoded {".
  /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(?<=\b(?:bearer|basic) )[\w.~+/=-]{8,}/gi,
  // The user of a URL.
  /(?<=:\/\/)[^\s/@:]+:[^\s/@]+(?=@)/g,
  /(?<=\b(?:password|passwd|token|secret|api[-_]?key)["']?\s*[=:]\s*["']?)[^\s"',;}]+/gi,
];

/** A copy of a log or another text without credentials. */
export function redactedText(text: string): string {
  return shapes.reduce((rest, shape) => rest.replace(shape, redacted), text);
}
