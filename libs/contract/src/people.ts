import { z } from 'zod';
import { slug } from './ids.ts';
import { weeklyHours } from './hours.ts';

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

/** A function that a person has, perhaps for one place only: `storekeeper`, `manager/MSK-1`. */
export const roleName = z
  .string()
  .regex(
    /^[^\s{}][^{}]{0,126}[^\s{}]$|^[^\s{}]$/u,
    'must be 1 to 128 characters without braces, and no space at either end',
  )
  .meta({ id: 'RoleName', example: 'manager/MSK-1' });

/** A person to be told. */
export const recipient = z
  .strictObject({
    displayName: z.string().min(1).max(200),
    locale: locale.optional(),
    timeZone: timeZone.optional(),
    addresses: z.array(address).max(50).meta({ description: 'In order of preference.' }),
    groups: z.array(slug).max(200).optional(),
    roles: z
      .array(roleName)
      .max(200)
      .optional()
      .meta({ description: 'Functions that the person has; rules tell them with `role:<role>`.' }),
    attributes: z
      .record(
        z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, 'must be a name of letters, digits, - and _'),
        z.string().min(1).max(512),
      )
      .optional()
      .meta({
        description:
          'What other systems call this person, e.g. `{"employeeNo": "0815"}`; rules find them with `attr:employeeNo={{ … }}`.',
      }),
    workingHours: z.array(weeklyHours).min(1).max(50).optional().meta({
      description: 'Messages of rules that are not `critical` wait for these hours, in the time zone of the person.',
    }),
    quietHours: z.array(weeklyHours).min(1).max(50).optional().meta({
      description:
        'Messages of rules that are not `critical` wait until these hours are over, in the time zone of the person.',
    }),
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

/** One member of a group: a recipient by slug, or what stands for several. */
export const groupMember = z.string().min(1).max(256).meta({
  id: 'GroupMember',
  description: 'A recipient by slug, or `group:<slug>`, `role:<role>`, `schedule:<slug>`.',
  example: 'anna',
});

/** A named set of recipients; those who name the group in their own `groups` belong to it too. */
export const group = z
  .strictObject({
    displayName: z.string().min(1).max(200).optional(),
    members: z.array(groupMember).max(10_000).optional(),
  })
  .meta({ id: 'Group', example: { displayName: 'Storekeepers', members: ['anna', 'role:storekeeper'] } });

/** A named set of recipients. */
export type Group = z.infer<typeof group>;
