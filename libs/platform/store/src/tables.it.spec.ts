/** The Prisma schema and the migrations are written by hand, side by side; a fresh database tells whether they agree. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from '#testing/services';
import { readFileSync } from 'node:fs';
import pg from 'pg';

/** `udt_name` of PostgreSQL for a field of Prisma; `@db.…` comes before the field's own type. */
const postgresTypes: Record<string, string> = {
  String: 'text',
  Int: 'int4',
  BigInt: 'int8',
  Bytes: 'bytea',
  Json: 'jsonb',
  '@db.Json': 'json',
  '@db.Uuid': 'uuid',
  '@db.Real': 'float4',
  '@db.Timestamptz': 'timestamptz',
};

interface Column {
  type: string;
  nullable: boolean;
  hasDefault: boolean;
}

type Tables = Record<string, { columns: Record<string, Column>; key: string[] }>;

/** The tables as the models of a Prisma schema describe them. */
function tablesOfSchema(schema: string): Tables {
  const tables: Tables = {};
  for (const [, body = ''] of schema.matchAll(/^model \w+ \{\n([\s\S]*?)^\}/gm)) {
    const lines = body.split('\n').map((line) => line.trim());
    const fields = lines.flatMap((line) => fieldOf(line));
    const name = /@@map\("(\w+)"\)/.exec(body)?.[1] ?? '';
    const columnOf = new Map(fields.map(({ field, column }) => [field, column]));
    const compound = /@@id\(\[([^\]]*)\]\)/.exec(body)?.[1]?.split(', ');
    tables[name] = {
      columns: Object.fromEntries(fields.map(({ column, ...rest }) => [column, rest.is])),
      key: compound?.map((field) => columnOf.get(field) ?? field) ?? fields.filter(({ id }) => id).map((f) => f.column),
    };
  }
  return tables;
}

function fieldOf(line: string): { field: string; column: string; id: boolean; is: Column }[] {
  const [, field, own, mark, rest = ''] = /^(\w+)\s+(\w+)(\?|\[\])?(.*)$/.exec(line) ?? [];
  if (field === undefined || own === undefined) return [];
  const native = /@db\.\w+/.exec(rest)?.[0] ?? own;
  const type = postgresTypes[native];
  if (type === undefined) throw new Error(`This spec does not know the type of \`${line}\`.`);
  const isList = mark === '[]';
  const is = { type: isList ? `_${type}` : type, nullable: mark === '?', hasDefault: /@default/.test(rest) };
  return [{ field, column: /@map\("(\w+)"\)/.exec(rest)?.[1] ?? field, id: /@id\b/.test(rest), is }];
}

interface ColumnRow {
  table: string;
  column: string;
  type: string;
  nullable: boolean;
  hasDefault: boolean;
  keyPlace: number | null;
}

/** Every column of our tables; partitions have those of their parent. */
const columnsSql = `
  SELECT c.relname AS table, a.attname AS column, t.typname AS type, NOT a.attnotnull AS nullable, a.atthasdef AS "hasDefault",
         array_position(i.indkey::int2[], a.attnum) AS "keyPlace"
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname NOT LIKE '\\_prisma%'
  ORDER BY c.relname, a.attnum`;

async function tablesOfDatabase(client: pg.Client): Promise<Tables> {
  const { rows } = await client.query<ColumnRow>(columnsSql);
  const tables: Tables = {};
  for (const { table, column, keyPlace, ...is } of rows) {
    const found = (tables[table] ??= { columns: {}, key: [] });
    found.columns[column] = is;
    if (keyPlace !== null) found.key[keyPlace] = column;
  }
  return tables;
}

describe('the tables', () => {
  const schema = tablesOfSchema(readFileSync(new URL('../../../../prisma/schema.prisma', import.meta.url), 'utf8'));
  let fresh: FreshDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    fresh = await freshDatabase();
    client = new pg.Client(fresh.url);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await fresh.drop();
  });

  it('are the same in the migrations and in the Prisma schema, column by column', async () => {
    const stored = await tablesOfDatabase(client);
    expect(Object.keys(stored)).toEqual(expect.arrayContaining(['event', 'delivery', 'attempt', 'definition']));
    for (const [name, table] of Object.entries(schema)) {
      const columns = Object.fromEntries(
        // A list cannot be absent, so Prisma has no way to say that an empty one is the default.
        Object.entries(stored[name]?.columns ?? {}).map(([column, is]) =>
          is.type.startsWith('_') ? [column, { ...is, hasDefault: false }] : [column, is],
        ),
      );
      expect({ name, columns }).toEqual({ name, columns: table.columns });
      expect({ name, key: stored[name]?.key }).toEqual({ name, key: table.key });
    }
    expect(Object.keys(stored).sort()).toEqual(Object.keys(schema).sort());
  });

  it('that grow are partitioned by their id', async () => {
    const { rows } = await client.query<{ name: string; by: string }>(
      `SELECT c.relname AS name, pg_get_partkeydef(c.oid) AS by FROM pg_class c WHERE c.relkind = 'p' ORDER BY 1`,
    );
    expect(rows).toEqual(['attempt', 'delivery', 'event'].map((name) => ({ name, by: 'RANGE (id)' })));
  });
});

describe('the reading of the schema', () => {
  it('knows optional fields, lists, native types, other names, and keys of several columns', () => {
    const text =
      'model Key {\n  ownName String? @map("own_name") @db.Uuid\n  all String[]\n  at DateTime @default(now()) @db.Timestamptz\n\n  @@id([ownName, all])\n  @@map("key")\n}\n';
    expect(tablesOfSchema(text)).toEqual({
      key: {
        columns: {
          own_name: { type: 'uuid', nullable: true, hasDefault: false },
          all: { type: '_text', nullable: false, hasDefault: false },
          at: { type: 'timestamptz', nullable: false, hasDefault: true },
        },
        key: ['own_name', 'all'],
      },
    });
  });
});
