/** A delivery for the API document. */
export const deliveryExample = {
  id: 'dlv_0199d2a0-6c40-7000-8000-000000000002',
  eventId: 'evt_0199d2a0-6c3f-7000-8000-000000000001',
  eventType: 'warehouse.stock.low',
  rule: 'stock-low',
  recipient: 'anna',
  backend: 'mychat-hq',
  to: '17',
  toKind: 'person',
  state: 'delivered',
  attempts: 1,
  createdAt: '2026-11-20T08:00:00.020Z',
  finishedAt: '2026-11-20T08:00:00.065Z',
  message: { title: 'Low stock: 4711', markdown: 'Only **3** left in MSK-1.' },
  lastOutcome: { kind: 'delivered', reason: 'ok', statusCode: 200 },
};

/** A delivery with its attempts, for the API document. */
export const storyExample = {
  ...deliveryExample,
  attemptLog: [
    {
      id: 'att_0199d2a0-6c68-7000-8000-000000000003',
      number: 1,
      startedAt: '2026-11-20T08:00:00.030Z',
      durationMs: 35,
      outcome: { kind: 'delivered', reason: 'ok', statusCode: 200 },
    },
  ],
};
