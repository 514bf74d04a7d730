import { z } from 'zod';
import { listMap } from './markers';
import { structural } from './structural';

describe('a structural schema', () => {
  it('keeps bounds, defaults, enums and x-kubernetes-* keywords', () => {
    const schema = z.object({
      mode: z.enum(['On', 'Off']).default('On').describe('Whether.'),
      items: z
        .array(z.object({ name: z.string().max(5) }))
        .max(3)
        .meta(listMap('name'))
        .optional(),
    });
    expect(structural(schema)).toEqual({
      type: 'object',
      properties: {
        mode: { type: 'string', enum: ['On', 'Off'], default: 'On', description: 'Whether.' },
        items: {
          type: 'array',
          maxItems: 3,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: { type: 'object', properties: { name: { type: 'string', maxLength: 5 } }, required: ['name'] },
        },
      },
    });
  });

  it('does not require a field that has a default', () => {
    expect(structural(z.object({ a: z.string().default('x'), b: z.string() }))['required']).toEqual(['b']);
  });

  it('has no additionalProperties: false, because the API server prunes unknown fields', () => {
    expect(structural(z.strictObject({ a: z.string() }))).not.toHaveProperty('additionalProperties');
  });

  it('merges the constraints of an integer-or-string into one schema', () => {
    expect(structural(z.union([z.int().min(1).max(9), z.string().regex(/^[0-9]%$/)]).default('5%'))).toEqual({
      'x-kubernetes-int-or-string': true,
      minimum: 1,
      maximum: 9,
      pattern: '^[0-9]%$',
      default: '5%',
    });
  });

  it('has the format date-time and no pattern for a time', () => {
    expect(structural(z.iso.datetime({ offset: true }))).toEqual({ type: 'string', format: 'date-time' });
  });

  it('has int64 integers without JavaScript’s bound of safe integers', () => {
    expect(structural(z.int().min(0))).toEqual({ type: 'integer', minimum: 0, format: 'int64' });
  });

  it.each([
    ['a union of objects', z.object({ a: z.union([z.object({}), z.string()]) }), '.a: only integer|string'],
    ['null', z.object({ b: z.string().nullable() }), '.b: nullable'],
    ['an exclusive bound', z.object({ c: z.number().gt(0) }), '.c: exclusiveMinimum'],
  ])('refuses %s and names the field', (_what, schema, message) => {
    expect(() => structural(schema)).toThrow(message);
  });
});
