// Counts the elements of an encoded message before it is decoded. An element of two bytes becomes an object of hundreds, so the bound of a
// message's bytes does not bound its memory, and the schemas see objects that exist already. The bounds are those of the schemas.
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import { z } from 'zod';

/** Wire types (https://protobuf.dev/programming-guides/encoding). Groups, which nest without a length, are refused. */
const [varint, fixed64, delimited, fixed32] = [0, 1, 2, 5];
/**
 * How the types of agent.proto are encoded: the wire type, and the most bytes of a number. protobufjs does not compare wire types, and takes
 * a 32-bit number of more than five bytes for one of ten. So a message could be another one for it than for this check, unless both are so.
 */
const encodings: Readonly<Record<string, Encoding>> = {
  TYPE_UINT32: { wireType: varint, bytes: 5 },
  TYPE_BOOL: { wireType: varint, bytes: 5 },
  TYPE_UINT64: { wireType: varint, bytes: 10 },
  TYPE_STRING: { wireType: delimited, bytes: 5 },
  TYPE_BYTES: { wireType: delimited, bytes: 5 },
  TYPE_MESSAGE: { wireType: delimited, bytes: 5 },
};

interface Encoding {
  readonly wireType: number;
  readonly bytes: number;
}

interface Field extends Encoding {
  readonly path: string;
  /** How often the field may be in its message. */
  readonly most: number;
  /** The fields of a field that is a message, by their number. */
  readonly fields: Fields | undefined;
}
type Fields = ReadonlyMap<number, Field>;

interface Declared {
  readonly name: string;
  readonly number: number;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
}

/** The part of a JSON schema that says how many elements an array may have. */
interface Bounds {
  readonly properties?: Readonly<Record<string, Bounds>>;
  readonly oneOf?: readonly Bounds[];
  readonly anyOf?: readonly Bounds[];
  readonly items?: Bounds;
  readonly maxItems?: number;
}

/**
 * Makes a check for messages of one type.
 * @param name the message type in the package of agent.proto
 * @param schema the schema of the decoded message
 * @returns a function with the reason why a message must not be decoded, or undefined: a list has too many elements, a field that is no list
 * occurs twice, or a field is encoded in a way in which no encoder does it
 * @throws Error when a list has no bound in the schema, or a field has a type that this check does not know
 */
export function elementCheck(definitions: ReturnType<typeof loadSync>, name: string, schema: z.ZodType): (bytes: Uint8Array) => string | undefined {
  const bounds = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Bounds;
  const fields = fieldsOf(definitions, name, bounds, '');
  return (bytes) => {
    try {
      new Walk(bytes).message(bytes.length, fields);
      return undefined;
    } catch (error) {
      if (error instanceof Malformed) return error.message;
      throw error;
    }
  };
}

function fieldsOf(definitions: ReturnType<typeof loadSync>, name: string, bounds: Bounds, above: string): Fields {
  const { field } = (definitions[`acceleration.v1.${name}`] as MessageTypeDefinition<object, object>).type as { field: Declared[] };
  return new Map(
    field.map((declared) => {
      const path = above === '' ? declared.name : `${above}.${declared.name}`;
      const found = propertyOf(bounds, declared.name);
      const isList = declared.label === 'LABEL_REPEATED';
      const most = isList ? found?.maxItems : 1;
      if (most === undefined) throw new Error(`messages.ts has no bound for the list ${path} of agent.proto`);
      const encoding = encodings[declared.type];
      if (encoding === undefined || (isList && encoding.wireType !== delimited))
        throw new Error(`${path} of agent.proto: ${declared.type} is not read`);
      const inner = (isList ? found?.items : found) ?? {};
      const fields = declared.typeName === '' ? undefined : fieldsOf(definitions, declared.typeName, inner, path);
      return [declared.number, { ...encoding, path, most, fields }];
    }),
  );
}

function propertyOf({ properties, oneOf, anyOf }: Bounds, name: string): Bounds | undefined {
  for (const each of [{ properties }, ...(oneOf ?? anyOf ?? [])]) if (each.properties?.[name] !== undefined) return each.properties[name];
  return undefined;
}

class Malformed extends Error {}

class Walk {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  message(end: number, fields: Fields): void {
    const counts = new Map<Field, number>();
    while (this.at < end) {
      const tag = this.number(5);
      const field = fields.get(tag >>> 3);
      if (field === undefined) {
        this.skip(tag & 7);
      } else {
        const count = (counts.get(field) ?? 0) + 1;
        if (count > field.most) throw new Malformed(`${field.path}: more than ${field.most}`);
        counts.set(field, count);
        if ((tag & 7) !== field.wireType) throw new Malformed(`${field.path}: wire type ${tag & 7}`);
        if (field.wireType === varint) this.number(field.bytes);
        else this.delimited(field.fields);
      }
      if (this.at > end) throw new Malformed(longer);
    }
  }

  private delimited(inner: Fields | undefined): void {
    const length = this.number(5);
    const end = this.at + length;
    if (end > this.bytes.length) throw new Malformed(longer);
    if (inner === undefined) this.at = end;
    else this.message(end, inner);
  }

  /** Skips a field that this release does not know. */
  private skip(wireType: number): void {
    if (wireType === varint) this.number(10);
    else if (wireType === delimited) this.delimited(undefined);
    else if (wireType === fixed64) this.at += 8;
    else if (wireType === fixed32) this.at += 4;
    else throw new Malformed(`wire type ${wireType}`);
  }

  /** A number of at most so many bytes; of one above 2^32 its low 32 bits. */
  private number(most: number): number {
    let value = 0;
    for (let index = 0; index < most; index += 1) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw new Malformed('the message ends within a number');
      this.at += 1;
      if (index < 5) value |= (byte & 0x7f) << (7 * index);
      if (byte < 0x80) return value >>> 0;
    }
    throw new Malformed(`a number of more than ${most} bytes`);
  }
}

const longer = 'a field is longer than its message';
