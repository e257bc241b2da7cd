/** API keys: made, listed and revoked here; looked up on the hot path by the key finder. Only their hashes are stored. */
import { createHash, randomBytes } from 'node:crypto';
import { HouseError, scope, toPublicId, type ApiKeyView, type CreatedApiKey, type Scope } from '#contract';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { inTransaction, type Database } from '../database.ts';
import { recordChange, type Change } from './audit.ts';

/** API keys as people manage them. */
export interface Keys {
  /** Makes a key; the answer is the only one that shows it. Throws NAME_TAKEN. */
  create(wanted: { name: string; scopes: readonly Scope[] }, actor: string): Promise<CreatedApiKey>;
  /** Keys by name, those after `after` if given. */
  list(page: { limit: number; after?: string | undefined }): Promise<ApiKeyView[]>;
  /** Revokes a key; processes notice within seconds. Throws NOT_FOUND. */
  revoke(name: string, actor: string): Promise<void>;
  /** Makes `key` the key named `admin`, with every scope. Doing it again changes nothing. Throws NAME_TAKEN when it already is a key of another name. */
  bootstrap(key: string): Promise<void>;
}

/** Channel on which every change of the keys is announced. */
export const keysChannel = 'vestnik_keys';

/** Name of the bootstrap key. */
export const bootstrapName = 'admin';

/** Who the audit names for what the house does by itself. */
const houseActor = 'vestnik';

/** What is stored of a key, and what it is found by: its SHA-256. A key has 256 random bits, so nothing slower is needed. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Makes the management of keys. */
export function createKeys(database: Pick<Database, 'pool' | 'prisma'>): Keys {
  const { pool, prisma } = database;
  return {
    create: (wanted, actor) => inTransaction(pool, (client) => create(client, wanted, actor)),
    list: async ({ limit, after }) => {
      const where = after === undefined ? {} : { name: { gt: after } };
      const rows = await prisma.apiKey.findMany({ where, orderBy: { name: 'asc' }, take: limit });
      return rows.map(toView);
    },
    revoke: (name, actor) =>
      inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ scopes: Scope[] }>(
          'DELETE FROM api_key WHERE name = $1 RETURNING scopes',
          [name],
        );
        if (!rows[0]) throw new HouseError('NOT_FOUND', { detail: `There is no key ${name}.` });
        await announce(client, { actor, action: 'revoke', noun: 'key', name, before: { scopes: rows[0].scopes } });
      }),
    bootstrap: (key) => inTransaction(pool, (client) => bootstrap(client, hashKey(key))),
  };
}

async function create(
  client: pg.PoolClient,
  wanted: { name: string; scopes: readonly Scope[] },
  actor: string,
): Promise<CreatedApiKey> {
  const { name } = wanted;
  const scopes = [...new Set(wanted.scopes)];
  const key = `vst_${randomBytes(32).toString('base64url')}`;
  const { rows } = await client.query<KeyRow>(
    `INSERT INTO api_key (id, name, hash, scopes) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING
     RETURNING id, name, scopes, created_at AS "createdAt", last_used_at AS "lastUsedAt"`,
    [uuidv7(), name, hashKey(key), scopes],
  );
  if (!rows[0]) throw new HouseError('NAME_TAKEN', { detail: `There already is a key ${name}.` });
  await announce(client, { actor, action: 'create', noun: 'key', name, after: { scopes } });
  return { ...toView(rows[0]), key };
}

async function bootstrap(client: pg.PoolClient, hash: Buffer): Promise<void> {
  // Several processes may start at once.
  await client.query('LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE');
  const { rows: owners } = await client.query<{ name: string }>('SELECT name FROM api_key WHERE hash = $1', [hash]);
  const owner = owners[0]?.name ?? bootstrapName;
  if (owner !== bootstrapName)
    throw new HouseError('NAME_TAKEN', { detail: `ADMIN_API_KEY is already the key named ${owner}.` });
  const scopes = [...scope.options];
  const { rows } = await client.query<{ created: boolean }>(
    `INSERT INTO api_key (id, name, hash, scopes) VALUES ($1, $2, $3, $4)
     ON CONFLICT (name) DO UPDATE SET hash = EXCLUDED.hash, scopes = EXCLUDED.scopes
     WHERE (api_key.hash, api_key.scopes) IS DISTINCT FROM (EXCLUDED.hash, EXCLUDED.scopes)
     RETURNING xmax = 0 AS created`,
    [uuidv7(), bootstrapName, hash, scopes],
  );
  if (!rows[0]) return;
  const action = rows[0].created ? 'create' : 'replace';
  await announce(client, { actor: houseActor, action, noun: 'key', name: bootstrapName, after: { scopes } });
}

async function announce(client: pg.PoolClient, change: Change): Promise<void> {
  await recordChange(client, change);
  await client.query(`SELECT pg_notify($1, '')`, [keysChannel]);
}

interface KeyRow {
  id: string;
  name: string;
  scopes: string[];
  createdAt: Date;
  lastUsedAt: Date | null;
}

function toView({ id, name, scopes, createdAt, lastUsedAt }: KeyRow): ApiKeyView {
  return {
    id: toPublicId('apiKey', id),
    name,
    scopes: scopes as Scope[],
    createdAt: createdAt.toISOString(),
    ...(lastUsedAt ? { lastUsedAt: lastUsedAt.toISOString() } : {}),
  };
}
