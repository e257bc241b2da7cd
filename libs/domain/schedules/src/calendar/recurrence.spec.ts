/** The examples of RFC 5545, 3.8.5.3, that repeat by days or longer, with the days that the RFC lists for them. */
import { describe, expect, it } from '@jest/globals';
import { dateOf, dayOf } from '../clock.ts';
import { repeatedDays } from './recurrence.ts';
import { readRule } from './rule.ts';

function days(first: string, value: string, to = '2030-01-01', from = first): string[] {
  const rule = readRule(value);
  if ('unreadable' in rule) throw new Error(rule.unreadable);
  const span = { first: dayOf(first), from: dayOf(from), to: dayOf(to) };
  return [...repeatedDays(rule, span, { steps: 1_000_000 })].map(dateOf);
}

describe('repeated days', () => {
  it.each([
    ['1997-09-02', 'FREQ=DAILY;INTERVAL=10;COUNT=5', '09-02 09-12 09-22 10-02 10-12'],
    ['1997-09-02', 'FREQ=WEEKLY;COUNT=4', '09-02 09-09 09-16 09-23'],
    ['1997-09-02', 'FREQ=WEEKLY;COUNT=6;WKST=SU;BYDAY=TU,TH', '09-02 09-04 09-09 09-11 09-16 09-18'],
    [
      '1997-09-02',
      'FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH',
      '09-02 09-04 09-16 09-18 09-30 10-02 10-14 10-16',
    ],
    ['1997-08-05', 'FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO', '08-05 08-10 08-19 08-24'],
    ['1997-08-05', 'FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU', '08-05 08-17 08-19 08-31'],
    ['1997-09-05', 'FREQ=MONTHLY;COUNT=4;BYDAY=1FR', '09-05 10-03 11-07 12-05'],
    ['1997-09-07', 'FREQ=MONTHLY;INTERVAL=2;COUNT=6;BYDAY=1SU,-1SU', '09-07 09-28 11-02 11-30 01-04 01-25'],
    ['1997-09-22', 'FREQ=MONTHLY;COUNT=6;BYDAY=-2MO', '09-22 10-20 11-17 12-22 01-19 02-16'],
    ['1997-09-28', 'FREQ=MONTHLY;COUNT=4;BYMONTHDAY=-3', '09-28 10-29 11-28 12-29'],
    ['1997-09-30', 'FREQ=MONTHLY;COUNT=5;BYMONTHDAY=1,-1', '09-30 10-01 10-31 11-01 11-30'],
    ['1997-09-10', 'FREQ=MONTHLY;INTERVAL=18;COUNT=4;BYMONTHDAY=10,11,12', '09-10 09-11 09-12 03-10'],
    ['1997-06-10', 'FREQ=YEARLY;COUNT=4;BYMONTH=6,7', '06-10 07-10 06-10 07-10'],
    ['1997-05-19', 'FREQ=YEARLY;BYDAY=20MO;COUNT=3', '05-19 05-18 05-17'],
    ['1997-03-13', 'FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=5', '03-13 03-20 03-27 03-05 03-12'],
    ['1998-02-13', 'FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=4', '02-13 03-13 11-13 08-13'],
    ['1997-09-13', 'FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13;COUNT=4', '09-13 10-11 11-08 12-13'],
    ['1996-11-05', 'FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3', '11-05 11-07 11-02'],
    ['1997-09-04', 'FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3', '09-04 10-07 11-06'],
    ['1997-09-29', 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=4', '09-29 10-30 11-27 12-30'],
    ['1998-01-01', 'FREQ=DAILY;BYMONTH=1;COUNT=3', '01-01 01-02 01-03'],
    ['1997-01-31', 'FREQ=MONTHLY;COUNT=3', '01-31 03-31 05-31'],
    ['1996-02-29', 'FREQ=YEARLY;COUNT=3', '02-29 02-29 02-29'],
    ['1997-09-03', 'FREQ=WEEKLY;BYDAY=MO;COUNT=2', '09-03 09-08'],
  ])('from %s by %s', (first, value, expected) => {
    expect(
      days(first, value)
        .map((date) => date.slice(5))
        .join(' '),
    ).toBe(expected);
  });

  it.each([
    'FREQ=DAILY;INTERVAL=3',
    'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR',
    'FREQ=MONTHLY;BYDAY=-1FR',
    'FREQ=YEARLY;INTERVAL=2',
  ])('are the same when the days before the span are jumped over: %s', (value) => {
    const all = days('1997-09-02', value);
    const jumped = days('1997-09-02', value, undefined, '2026-11-20');
    const inSpan = (list: string[]) => list.filter((date) => date >= '2026-11-20');
    expect(inSpan(jumped)).toEqual(inSpan(all));
    expect(inSpan(all).length).toBeGreaterThan(0);
    expect(jumped.length).toBeLessThan(all.length);
  });
});
