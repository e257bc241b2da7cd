/** Turns zod schemas into components of the document: named by `.meta({ id })`, in the words of OpenAPI 3.0. */
import { z } from 'zod';

/** A schema of OpenAPI 3.0, as plain data. */
export type SchemaData = Record<string, unknown>;

/**
 * Converts a schema. Everything that has an id lands in `components` under it and is referred to. The shape of what is
 * sent is described, not of what comes out of defaults, so that one name means one component.
 */
export function convertSchema(schema: z.ZodType, components: Record<string, SchemaData>): SchemaData {
  const converted = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: 'any',
  }) as SchemaData;
  const { $defs, definitions, $schema: _schema, ...own } = converted;
  for (const [name, definition] of Object.entries({ ...(definitions as object), ...($defs as object) })) {
    components[name] = refer(definition) as SchemaData;
  }
  return refer(own) as SchemaData;
}

/** Points references at the components of the document, in the words of OpenAPI 3.0; examples are data and stay as they are. */
function refer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(refer);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(inWordsOf30(value)).map(([key, inner]) => [key, referField(key, inner)]));
}

function referField(key: string, inner: unknown): unknown {
  if (key === '$ref') return String(inner).replace(/^#\/(?:\$defs|definitions)\//, '#/components/schemas/');
  return key === 'example' || key === 'default' ? inner : refer(inner);
}

function inWordsOf30(schema: object): SchemaData {
  const { contentEncoding, pattern, ...rest } = schema as SchemaData;
  if (contentEncoding === 'base64') rest['format'] = 'byte';
  // Where zod knows a format, the pattern beside it is a page of digits that says the same.
  if (pattern !== undefined && rest['format'] === undefined) rest['pattern'] = pattern;
  // zod bounds every integer by what a double holds exactly, which tells a reader nothing.
  return Object.fromEntries(
    Object.entries(rest).filter(([, inner]) => Math.abs(Number(inner)) !== Number.MAX_SAFE_INTEGER),
  );
}
