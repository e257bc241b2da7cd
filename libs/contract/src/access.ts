import { z } from 'zod';
import { jsonValue } from './event.ts';
import { slug } from './ids.ts';

/** What a key may do: `ingest` sends events, `read` looks, `edit` changes (and looks), `admin` does everything. */
export const scope = z.enum(['ingest', 'read', 'edit', 'admin']).meta({ id: 'Scope' });

/** What a key may do. */
export type Scope = z.infer<typeof scope>;

const implied: Record<Scope, readonly Scope[]> = {
  ingest: ['ingest'],
  read: ['read'],
  edit: ['edit', 'read'],
  admin: ['admin', 'edit', 'read', 'ingest'],
};

/** Whether the scopes of a key allow what needs `wanted`. */
export function allows(scopes: readonly Scope[], wanted: Scope): boolean {
  return scopes.some((held) => implied[held].includes(wanted));
}

/** A new API key. */
export const newApiKey = z
  .strictObject({ name: slug, scopes: z.array(scope).min(1) })
  .meta({ id: 'NewApiKey', example: { name: 'erp', scopes: ['ingest'] } });

/** An API key as lists show it; the key itself is never shown again. */
export const apiKeyView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    scopes: z.array(scope),
    createdAt: z.string(),
    lastUsedAt: z.string().optional().meta({ description: 'Exact to about a minute.' }),
  })
  .meta({ id: 'ApiKey' });

/** An API key as lists show it. */
export type ApiKeyView = z.infer<typeof apiKeyView>;

/** The one answer that shows the key. */
export const createdApiKey = apiKeyView.extend({ key: z.string() }).meta({ id: 'CreatedApiKey' });

/** The one answer that shows the key. */
export type CreatedApiKey = z.infer<typeof createdApiKey>;

/** Who changed what. */
export const auditEntry = z
  .strictObject({
    id: z.string(),
    at: z.string(),
    actor: z.string().meta({ description: 'Name of the API key.' }),
    action: z.string().meta({
      description:
        '`create`, `replace`, `delete`, `publish`, `restore`, `import`, `redrive`, `replay`, `revoke` or `resume`. What several definitions ' +
        'became at once stands in the revision that `name` gives the number of.',
    }),
    noun: z.string(),
    name: z.string(),
    before: jsonValue.optional(),
    after: jsonValue.optional(),
  })
  .meta({ id: 'AuditEntry' });

/** Who changed what. */
export type AuditEntry = z.infer<typeof auditEntry>;
