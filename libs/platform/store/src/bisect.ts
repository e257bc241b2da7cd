/** One bad row must not take a whole batch with it: halves are tried until it stands alone. */

/**
 * Runs `work` over all items at once; when PostgreSQL refuses their data, over halves, and so on. `alone` says what becomes
 * of an item that fails by itself. Other errors (a lost connection, say) are rethrown: they are nobody's fault here.
 */
export async function bisect<In, Out>(
  items: readonly In[],
  work: (items: readonly In[]) => Promise<Out[]>,
  alone: (item: In, error: Error) => Out,
): Promise<Out[]> {
  try {
    return await work(items);
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    if (items.length === 1) return [alone(items[0]!, error)];
    const middle = Math.ceil(items.length / 2);
    const first = await bisect(items.slice(0, middle), work, alone);
    return [...first, ...(await bisect(items.slice(middle), work, alone))];
  }
}

/** Classes of SQLSTATE that speak of the data itself: data exception, constraint violation, program limit exceeded. */
const dataClasses = new Set(['22', '23', '54']);

function isRefusedData(error: unknown): error is Error {
  const { code } = (error ?? {}) as { code?: unknown };
  return error instanceof Error && typeof code === 'string' && code.length === 5 && dataClasses.has(code.slice(0, 2));
}
