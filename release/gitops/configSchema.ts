// The schema of the add-on's settings: the chart's schema with the chart's defaults in it, so that a console can show them without the chart.
import { z } from 'zod';

type Schema = { readonly [keyword: string]: unknown };

const valuesSchema = z.looseObject({ properties: z.record(z.string(), z.looseObject({})) });

/**
 * @param schema values.schema.json
 * @param values values.yaml
 */
export function configSchema(schema: unknown, values: unknown): Schema & { properties: Record<string, unknown> } {
  const { properties, ...rest } = valuesSchema.parse(schema);
  // `global` holds values of parent charts, which an add-on does not have.
  const own = Object.fromEntries(Object.entries(properties).filter(([name]) => name !== 'global'));
  return { ...withDefaults({ ...rest, properties: own }, values), properties: propertiesWithDefaults(own, values) };
}

/**
 * Adds defaults to a schema. No setting is required, because each has a default; required fields of list items stay. A map has no default
 * of its own, only its properties have: a console looks for defaults there, and a default such as {} for the map would hide them.
 */
function withDefaults(schema: Schema, value: unknown): Schema {
  if (isMap(schema.properties)) {
    const rest = Object.fromEntries(Object.entries(schema).filter(([keyword]) => keyword !== 'required' && keyword !== 'default'));
    const values = { ...(isMap(schema.default) ? schema.default : {}), ...(isMap(value) ? value : {}) };
    return { ...rest, properties: propertiesWithDefaults(schema.properties, values) };
  }
  return value === undefined ? schema : { ...schema, default: value };
}

function propertiesWithDefaults(properties: Schema, values: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, withDefaults(isMap(schema) ? schema : {}, isMap(values) ? values[name] : undefined)]),
  );
}

function isMap(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
