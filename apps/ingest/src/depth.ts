/** Whether a JSON value has more than `levels` levels of objects and arrays. Never goes deeper than that, whatever comes in. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const child of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
    if (isDeeperThan(child, levels - 1)) return true;
  }
  return false;
}
