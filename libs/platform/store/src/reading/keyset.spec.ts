import { describe, expect, it } from '@jest/globals';
import { HouseError, uuidFloor } from '#contract';
import { boundIds, Conditions, readCursor, toPage, writeCursor } from './keyset.ts';

const id = '0199d2a0-6c3f-7000-8000-00000000002a';

describe('a cursor', () => {
  it('carries the id of the last item there and back', () => {
    expect(readCursor(writeCursor(id))).toBe(id);
  });

  it('is refused when it is none of ours', () => {
    // Eighteen bytes have as many hexadecimal digits as a UUID has characters.
    const eighteen = Buffer.alloc(18, 7).toString('base64url');
    for (const foreign of ['', 'x', id, eighteen, `${writeCursor(id)}A`, `${writeCursor(id).slice(0, -1)}!`, '%00']) {
      expect(() => readCursor(foreign)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }));
    }
    expect(() => readCursor('x')).toThrow(HouseError);
  });
});

describe('a page', () => {
  const rows = ['c', 'b', 'a'].map((letter) => ({ id: id.slice(0, -1) + letter }));

  it('says where to go on when there is more', () => {
    const page = toPage(rows, 2, (row) => row.id.at(-1));
    expect(page).toEqual({ items: ['c', 'b'], next: writeCursor(rows[1]!.id) });
  });

  it('has no cursor when it is the last', () => {
    expect(toPage(rows, 3, (row) => row.id)).not.toHaveProperty('next');
    expect(toPage([], 3, (row: { id: string }) => row)).toEqual({ items: [] });
  });
});

describe('conditions', () => {
  it('turn a span of time and a cursor into bounds of ids', () => {
    const where = new Conditions();
    boundIds(where, { cursor: writeCursor(id), from: '2026-11-20T03:00:00+03:00', to: '2026-11-21T00:00:00Z' }, 'id');
    expect(where.toSql()).toBe('id < $1 AND id >= $2 AND id < $3');
    expect(where.values).toEqual([id, uuidFloor(Date.UTC(2026, 10, 20)), uuidFloor(Date.UTC(2026, 10, 21))]);
  });

  it('leave out what was not asked for', () => {
    const where = new Conditions();
    where.when(undefined, 'type =');
    boundIds(where, {}, 'id');
    expect(where.toSql()).toBe('true');
  });
});
