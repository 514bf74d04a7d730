// Turns the JSON schema that zod writes into a structural schema, the subset that the API server accepts in a CRD.
import { z } from 'zod';

/** A schema node as it appears in a CRD; JSON all the way down. */
export interface StructuralSchema {
  type?: string;
  properties?: Record<string, StructuralSchema>;
  items?: StructuralSchema;
  additionalProperties?: StructuralSchema;
  [keyword: string]: unknown;
}

/** Keywords that pass through as they are; everything unknown is refused, so that no constraint is lost silently. */
const kept = new Set([
  'type', 'description', 'default', 'enum', 'format', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum',
  'minItems', 'maxItems', 'maxProperties', 'required',
  'x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type', 'x-kubernetes-validations',
]);

/**
 * The structural schema of a zod schema, as the API server must see input (defaulted fields are optional).
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

/** The API server prunes unknown fields, so `false` needs no words and must not have any. */
function convertRest(value: unknown, at: string): StructuralSchema {
  return typeof value === 'object' && value !== null ? { additionalProperties: convert(value as JsonSchema, `${at}{}`) } : {};
}

/**
 * An integer or a string. Types may not differ inside anyOf in a structural schema; but bounds of numbers are ignored
 * for strings and patterns for numbers, so the constraints of both branches can stand side by side.
 */
function intOrString(branches: JsonSchema[], at: string): StructuralSchema {
  const types = branches.map((branch) => branch['type']).join('|');
  if (types !== 'integer|string') throw new Error(`${at}: only integer|string can be written as a union, not ${types}`);
  const constraints = Object.fromEntries(branches.flatMap((branch) => Object.entries(branch)).filter(([keyword]) => keyword !== 'type'));
  return { 'x-kubernetes-int-or-string': true, ...constraints };
}

/** zod writes a page of regular expression beside `date-time`; the API server knows the format itself. */
function settleTimes(schema: StructuralSchema): StructuralSchema {
  if (schema['format'] === 'date-time') delete schema['pattern'];
  return schema;
}

/** Drops zod's bound of safe integers, which nobody asked for, and names the width that Kubernetes reads. */
function settleNumbers(schema: StructuralSchema): StructuralSchema {
  if (schema.type !== 'integer') return schema;
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  return { ...schema, format: 'int64' };
}
