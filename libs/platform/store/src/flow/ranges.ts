/**
 * The smallest and the largest of some ids. Queries that name ids also name this range, so that PostgreSQL looks only into
 * the partitions that can hold them, whatever plan it chose.
 */
export function idRange(ids: readonly string[]): [lowest: string, highest: string] {
  let lowest = ids[0] ?? '';
  let highest = lowest;
  for (const id of ids) {
    if (id < lowest) lowest = id;
    if (id > highest) highest = id;
  }
  return [lowest, highest];
}
