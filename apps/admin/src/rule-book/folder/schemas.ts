/** JSON Schemas of the files of a rule book, for editors. */
import { bookSettings, type JsonValue } from '#contract';
import { z } from 'zod';
import { kinds } from '../kinds.ts';

const schemas = {
  ...(Object.fromEntries(Object.values(kinds).map(({ noun, schema }) => [noun, schema])) as Record<
    (typeof kinds)[keyof typeof kinds]['noun'],
    z.ZodType
  >),
  settings: bookSettings,
};

/** The nouns that have a schema. */
export const schemaNouns = Object.keys(schemas) as [SchemaNoun, ...SchemaNoun[]];

/** A noun that has a schema. */
export type SchemaNoun = keyof typeof schemas;

const made = new Map<SchemaNoun, Record<string, JsonValue>>();

/** The JSON Schema of a noun: draft 7, which every YAML editor knows, of what people write, so that defaults may be left out. */
export function jsonSchemaOf(noun: SchemaNoun): Record<string, JsonValue> {
  const known = made.get(noun);
  if (known) return known;
  const schema = z.toJSONSchema(schemas[noun], {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // OpenAPI's word for it means nothing to editors.
      if (jsonSchema['example'] !== undefined) jsonSchema.examples = [jsonSchema['example']];
      delete jsonSchema['example'];
    },
  });
  const plain = unfolded(JSON.parse(JSON.stringify(schema)) as Record<string, JsonValue>);
  made.set(noun, plain);
  return plain;
}

/** A schema with a name of its own is answered as a reference to itself; in draft 7 nothing may stand beside that. */
function unfolded({ $schema, $ref, definitions, ...rest }: Record<string, JsonValue>): Record<string, JsonValue> {
  const name = typeof $ref === 'string' ? $ref.split('/').at(-1)! : '';
  const { [name]: own = {}, ...others } = (definitions ?? {}) as Record<string, Record<string, JsonValue>>;
  return { $schema: $schema!, title: name, ...own, ...rest, definitions: others };
}

/** The schemas as files: `schemas/rule.json`. */
export function schemaFiles(): Map<string, string> {
  return new Map(
    schemaNouns.map((noun) => [`schemas/${noun}.json`, `${JSON.stringify(jsonSchemaOf(noun), null, 2)}\n`]),
  );
}
