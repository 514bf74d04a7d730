// Converts the JSON schema that zod writes into a structural schema, the subset that the API server accepts in a CRD.
import { z } from 'zod';

/** A schema as it stands in a CRD; its values are JSON. */
export interface StructuralSchema {
  type?: string;
  properties?: Record<string, StructuralSchema>;
  items?: StructuralSchema;
  additionalProperties?: StructuralSchema;
  [keyword: string]: unknown;
}

/** Keywords that are copied unchanged. `convert` refuses a keyword that it does not know, so that no constraint is lost silently. */
const kept = new Set([
  'type',
  'description',
  'default',
  'enum',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
]);

/**
 * The structural schema of a zod schema for input to the API server: fields with a default are optional.
 * @throws Error naming the field and the keyword that a structural schema cannot express.
 */
export function structural(schema: z.ZodType): StructuralSchema {
  return convert(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }) as JsonSchema, '');
}

type JsonSchema = { [keyword: string]: unknown };

function convert(source: JsonSchema, at: string): StructuralSchema {
  const target: StructuralSchema = {};
  for (const [keyword, value] of Object.entries(source)) {
    if (keyword === 'properties') target.properties = convertEach(value as Record<string, JsonSchema>, at);
    else if (keyword === 'items') target.items = convert(value as JsonSchema, `${at}[]`);
    else if (keyword === 'additionalProperties') Object.assign(target, convertRest(value, at));
    else if (keyword === 'anyOf') Object.assign(target, intOrString(value as JsonSchema[], at));
    else if (kept.has(keyword)) target[keyword] = value;
    else if (keyword !== '$schema') throw new Error(`${at || '.'}: ${keyword} cannot be written in a structural schema`);
  }
  return settleNumbers(settleTimes(target));
}

function convertEach(properties: Record<string, JsonSchema>, at: string): Record<string, StructuralSchema> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, convert(schema, `${at}.${name}`)]));
}

/** Schema of a map's values. `false` is dropped: the API server prunes unknown fields, and refuses the keyword beside `properties`. */
function convertRest(value: unknown, at: string): StructuralSchema {
  return typeof value === 'object' && value !== null ? { additionalProperties: convert(value as JsonSchema, `${at}{}`) } : {};
}

/**
 * The schema of an integer or a string. A structural schema may not have types inside anyOf. Bounds of numbers are ignored for strings, and
 * patterns for numbers, so one schema can have the constraints of both branches.
 */
function intOrString(branches: JsonSchema[], at: string): StructuralSchema {
  const types = branches.map((branch) => branch['type']).join('|');
  if (types !== 'integer|string') throw new Error(`${at}: only integer|string can be written as a union, not ${types}`);
  const constraints = Object.fromEntries(branches.flatMap((branch) => Object.entries(branch)).filter(([keyword]) => keyword !== 'type'));
  return { 'x-kubernetes-int-or-string': true, ...constraints };
}

/** Drops the long pattern that zod writes beside the format `date-time`: the API server checks the format itself. */
function settleTimes(schema: StructuralSchema): StructuralSchema {
  if (schema['format'] === 'date-time') delete schema['pattern'];
  return schema;
}

/** Drops the bound of safe integers that zod adds, and sets the format int64, which Kubernetes uses. */
function settleNumbers(schema: StructuralSchema): StructuralSchema {
  if (schema.type !== 'integer') return schema;
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  return { ...schema, format: 'int64' };
}
