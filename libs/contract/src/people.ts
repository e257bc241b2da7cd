import { z } from 'zod';
import { slug } from './ids.ts';

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function isLocale(name: string): boolean {
  try {
    return Intl.getCanonicalLocales(name).length === 1;
  } catch {
    return false;
  }
}

/** A BCP 47 language tag. */
export const locale = z.string().refine(isLocale, 'must be a language tag such as ru or en-GB').meta({ example: 'ru' });

/** An IANA time zone. */
export const timeZone = z
  .string()
  .refine(isTimeZone, 'must be a time zone such as Europe/Moscow')
  .meta({ example: 'Europe/Moscow' });

/** Where a recipient is reached on one backend. */
export const address = z
  .strictObject({
    backend: slug,
    to: z.string().min(1).max(512).meta({ description: 'As the backend type describes it.' }),
  })
  .meta({ id: 'Address', example: { backend: 'mychat-hq', to: '17' } });

/** Where a recipient is reached on one backend. */
export type Address = z.infer<typeof address>;

/** A person to be told. */
export const recipient = z
  .strictObject({
    displayName: z.string().min(1).max(200),
    locale: locale.optional(),
    timeZone: timeZone.optional(),
    addresses: z.array(address).max(50).meta({ description: 'In order of preference.' }),
    groups: z.array(slug).max(200).optional(),
  })
  .meta({
    id: 'Recipient',
    example: {
      displayName: 'Anna',
      locale: 'ru',
      timeZone: 'Europe/Moscow',
      addresses: [{ backend: 'inbox', to: 'anna' }],
      groups: ['storekeepers'],
    },
  });

/** A person to be told. */
export type Recipient = z.infer<typeof recipient>;

/** A named set of recipients; those who name the group in their own `groups` belong to it too. */
export const group = z
  .strictObject({ displayName: z.string().min(1).max(200).optional(), members: z.array(slug).max(10_000).optional() })
  .meta({ id: 'Group', example: { displayName: 'Storekeepers', members: ['anna'] } });

/** A named set of recipients. */
export type Group = z.infer<typeof group>;
