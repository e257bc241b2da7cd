import { z } from 'zod';

/** What became of somebody whom a rule meant to tell. */
export const trailOutcome = z.enum(['told', 'waits', 'alreadyTold', 'noAddress', 'unknown']);

/** How one person or room was reached, and what became of it. */
export const trailEntry = z
  .strictObject({
    rule: z.string(),
    recipient: z.string().optional(),
    room: z.string().optional().meta({ description: '`<backend>/<address>`, where it is a room and no person.' }),
    through: z
      .array(z.string())
      .meta({ description: 'The way from the rule: its target, then the groups, roles and schedules in between.' }),
    outcome: trailOutcome.meta({
      description:
        '`told`: a delivery was made. `waits`: a delivery was made that goes out at `until`. `alreadyTold`: the rule `by` told them. ' +
        '`noAddress`: there is no address that the rule may use. `unknown`: there is no such recipient, or no such backend for the room.',
    }),
    by: z.string().optional().meta({ description: 'The rule that told them already.' }),
    until: z.string().optional().meta({ description: 'When the hours begin that the message waits for.' }),
  })
  .meta({
    id: 'TrailEntry',
    example: {
      rule: 'stock-low',
      recipient: 'anna',
      through: ['group:storekeepers', 'schedule:night'],
      outcome: 'told',
    },
  });

/** How one person or room was reached, and what became of it. */
export type TrailEntry = z.infer<typeof trailEntry>;

/** Most entries of a trail that are kept with one event. */
export const mostTrailEntries = 200;
