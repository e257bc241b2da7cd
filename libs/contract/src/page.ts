import { z } from 'zod';

/** How a list is asked for: how many, and from where. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50).meta({ description: 'Most items in the answer.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next` of the page before.' }),
});

/** How a list is asked for. */
export type PageQuery = z.infer<typeof pageQuery>;

/** The schema of one page of a list: newest first (or by name), with a cursor while there is more. There is no total: counting is what makes lists slow. */
export function pageOf<T extends z.ZodType>(item: T, id: string) {
  return z
    .strictObject({
      items: z.array(item),
      next: z.string().optional().meta({ description: 'Cursor of the next page; absent on the last.' }),
    })
    .meta({ id });
}

/** One page of a list. */
export interface Page<T> {
  items: T[];
  next?: string | undefined;
}
