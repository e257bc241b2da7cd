import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatMoment, readMoment } from './dates.ts';
import { placeOf } from './locale.ts';

const en = placeOf('en', 'UTC');
const moscow = placeOf('ru', 'Europe/Moscow');

function at(value: unknown, format: string, place = en): string | undefined {
  const moment = readMoment(value);
  return moment && formatMoment(moment, format, place);
}

describe('readMoment', () => {
  it.each<[unknown, string]>([
    ['2026-11-20T21:30:05.250Z', '2026-11-20T21:30:05.250Z'],
    ['2026-11-20T21:30:05+03:00', '2026-11-20T18:30:05.000Z'],
    ['2026-11-20 21:30:05+0300', '2026-11-20T18:30:05.000Z'],
    ['2026-11-20T21:30-05', '2026-11-21T02:30:00.000Z'],
    ['2026-11-20T21:30', '2026-11-20T21:30:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    [1_790_000_000, '2026-09-21T14:13:20.000Z'],
    [1_790_000_000_000, '2026-09-21T14:13:20.000Z'],
    ['1790000000', '2026-09-21T14:13:20.000Z'],
  ])('reads %j', (value, iso) => {
    expect(readMoment(value)?.date.toISOString()).toBe(iso);
  });

  it.each([
    ['now'],
    ['today'],
    ['tomorrow'],
    [''],
    ['20.11.2026'],
    ['2026-13-45'],
    [null],
    [undefined],
    [{}],
    [NaN],
    [true],
    ['4711'],
  ])('takes %j for no date', (value) => {
    expect(readMoment(value)).toBeUndefined();
  });
});

describe('formatMoment', () => {
  it.each([
    ['%d.%m.%Y %H:%M', '21.11.2026 00:05'],
    ['%-d %B %Y', '21 ноября 2026'],
    ['%B', 'ноябрь'],
    ['%A, %e %b', 'суббота, 21 нояб.'],
    ['%H:%M:%S.%L %z %:z', '00:05:07.000 +0300 +03:00'],
    ['%I:%M %p|%l|%-I|%P', '12:05 AM|12|12|am'],
    ['%F %T %R %D', '2026-11-21 00:05:07 00:05 11/21/26'],
    ['%j %u %w %s %y', '325 6 6 1795208707 26'],
    ['%_m %-H %^a %%d %Q', '11 0 СБ %d %Q'],
  ])('writes %s in Moscow in Russian', (format, expected) => {
    expect(at('2026-11-20T21:05:07Z', format, moscow)).toBe(expected);
  });

  it('writes names in the language of the place', () => {
    expect(at('2026-11-20T21:05:07Z', '%A %-d %B')).toBe('Friday 20 November');
    expect(at('2026-11-20T21:05:07Z', '%A %d %B', placeOf('de', 'Europe/Berlin'))).toBe('Freitag 20 November');
  });

  it('writes the styles of the language', () => {
    expect(at('2026-11-20T21:05:07Z', 'short', moscow)).toBe('21.11.2026, 00:05');
    expect(at('2026-11-20T21:05:07Z', 'long', moscow)).toMatch(/^21 ноября 2026 г\.[ ,]/);
  });

  it('does not move a calendar day to another time zone', () => {
    expect(at('2026-11-20', '%d.%m.%Y', placeOf('en', 'America/New_York'))).toBe('20.11.2026');
    expect(at('2026-11-20', 'short', placeOf('ru', 'America/New_York'))).toBe('20.11.2026');
  });

  it('knows summer time', () => {
    const berlin = placeOf('de', 'Europe/Berlin');
    expect(at('2026-07-01T12:00:00Z', '%H:%M %z', berlin)).toBe('14:00 +0200');
    expect(at('2026-12-01T12:00:00Z', '%H:%M %z', berlin)).toBe('13:00 +0100');
  });

  it('writes in UTC what ISO 8601 writes', () => {
    const dates = fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(fc.property(dates, (date) => at(date.toISOString(), '%Y-%m-%dT%H:%M:%S.%LZ') === date.toISOString()));
  });
});

describe('placeOf', () => {
  it('falls back to English and UTC where Intl knows nothing better', () => {
    expect(placeOf(undefined, undefined)).toEqual({ locale: 'en', timeZone: 'UTC' });
    expect(placeOf('not a locale', 'Moon/Base')).toEqual({ locale: 'en', timeZone: 'UTC' });
    expect(placeOf('ru', 'Asia/Tokyo')).toEqual({ locale: 'ru', timeZone: 'Asia/Tokyo' });
  });
});
