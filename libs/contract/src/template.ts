import { z } from 'zod';
import { locale } from './people.ts';

const texts = {
  title: z.string().max(500).optional().meta({ description: 'Liquid.' }),
  text: z.string().min(1).max(100_000).meta({ description: 'Liquid that yields Markdown.' }),
};

/** What a message says: Liquid over the event, the recipient and the rule, yielding Markdown. */
export const template = z
  .strictObject({
    ...texts,
    locales: z
      .record(locale, z.strictObject(texts))
      .optional()
      .meta({ description: "Variants by the recipient's locale." }),
  })
  .meta({
    id: 'Template',
    example: { title: 'Low stock: {{ data.sku }}', text: 'Only **{{ data.qty }}** left in {{ data.warehouse }}.' },
  });

/** What a message says. */
export type Template = z.infer<typeof template>;
