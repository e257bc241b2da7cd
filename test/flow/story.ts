/** The shapes of `GET /v1/events/{id}` that flow tests look at, and the waiting for them. */
import type { DeliveryStory } from '#contract';
import { waitFor } from '#testing/services';
import type { Client } from './client.ts';

/** An event with everything that came of it. */
export interface EventStory {
  id: string;
  state: string;
  rules: string[];
  notes: string[];
  deliveries: DeliveryStory[];
}

/** Waits until an event has so many deliveries, all of them in one of the given states. */
export async function untilSettled(
  admin: Client,
  eventId: string,
  states: string[] = ['delivered'],
  count = 1,
  timeoutMs = 20_000,
): Promise<EventStory> {
  return waitFor(
    async () => {
      const story = await admin.get<EventStory>(`/v1/events/${eventId}`);
      return story.deliveries.length >= count && story.deliveries.every((delivery) => states.includes(delivery.state))
        ? story
        : undefined;
    },
    { what: `${count} deliveries of ${eventId} to be ${states.join(' or ')}`, timeoutMs },
  );
}
