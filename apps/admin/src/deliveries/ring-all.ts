import type { Queues } from '#platform/queue';

/** Deliveries in one ring; a courier works off a ring as one batch. */
const ringSize = 500;

/** Rings for many deliveries, each backend's on its own queue. */
export async function ringAll(
  queues: Pick<Queues, 'ringDeliver'>,
  deliveries: readonly { id: string; backend: string }[],
): Promise<void> {
  const byBackend = new Map<string, string[]>();
  for (const { id, backend } of deliveries) {
    const ids = byBackend.get(backend);
    if (ids) ids.push(id);
    else byBackend.set(backend, [id]);
  }
  for (const [backend, ids] of byBackend) {
    for (let start = 0; start < ids.length; start += ringSize) {
      await queues.ringDeliver(backend, ids.slice(start, start + ringSize));
    }
  }
}
