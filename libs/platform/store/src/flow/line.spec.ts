import { describe, expect, it } from '@jest/globals';
import { orderKeyOf, type LineMember } from './line.ts';

const member: LineMember = { backend: 'hq', to: 'anna', toKind: 'person', correlationKey: 'order/1' };

describe('the name of a line', () => {
  it('is the same for the same key and address, and in the form of a UUID', () => {
    expect(orderKeyOf({ ...member })).toBe(orderKeyOf(member));
    expect(orderKeyOf(member)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('differs with each of its parts', () => {
    const others: LineMember[] = [
      { ...member, backend: 'desk' },
      { ...member, to: 'boris' },
      { ...member, toKind: 'room' },
      { ...member, correlationKey: 'order/2' },
    ];
    expect(new Set([member, ...others].map(orderKeyOf)).size).toBe(5);
  });

  it('does not take the end of one part for the beginning of the next', () => {
    const [one, other] = [
      { ...member, to: 'ab', correlationKey: 'c' },
      { ...member, to: 'a', correlationKey: 'bc' },
    ];
    expect(orderKeyOf(one)).not.toBe(orderKeyOf(other));
  });

  it('is there for an empty key, and absent without one', () => {
    expect(orderKeyOf({ ...member, correlationKey: '' })).toBeDefined();
    expect(orderKeyOf({ ...member, correlationKey: undefined })).toBeUndefined();
    expect(orderKeyOf({ ...member, correlationKey: null })).toBeUndefined();
  });
});
