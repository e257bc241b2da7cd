import { describe, expect, it } from '@jest/globals';
import { override as shape } from '#contract';
import { fromCalendar, type CalendarReading } from './read.ts';

const people: Record<string, string> = {
  'anna@example.com': 'anna',
  Анна: 'anna',
  Boris: 'boris',
  'Ivanov, Ivan': 'ivan',
};
const options = {
  timeZone: 'Europe/Moscow',
  from: new Date('2026-10-01T00:00Z'),
  to: new Date('2026-12-31T00:00Z'),
  memberOf: (text: string) => people[text],
};

function calendar(...lines: string[]): string {
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');
}

function event(...lines: string[]): string[] {
  return ['BEGIN:VEVENT', 'UID:e1', 'SUMMARY:Boris', ...lines, 'END:VEVENT'];
}

function read(...lines: string[]): CalendarReading {
  return fromCalendar(calendar(...lines), options);
}

/** `11-20T09:00–11-20T18:00 anna boris` */
function told({ overrides }: CalendarReading): string[] {
  for (const entry of overrides) expect(shape.safeParse(entry).error).toBeUndefined();
  return overrides.map(({ from, to, members }) => `${from.slice(5)}–${to.slice(5)} ${members.join(' ')}`);
}

describe('times of a calendar', () => {
  it.each([
    ['in UTC', ['DTSTART:20261120T060000Z', 'DTEND:20261120T150000Z'], '11-20T09:00–11-20T18:00'],
    [
      'of another zone',
      ['DTSTART;TZID=Europe/Berlin:20261120T090000', 'DTEND;TZID=Europe/Berlin:20261120T100000'],
      '11-20T11:00–11-20T12:00',
    ],
    [
      'of Outlook',
      ['DTSTART;TZID="W. Europe Standard Time":20261120T090000', 'DURATION:PT90M'],
      '11-20T11:00–11-20T12:30',
    ],
    [
      'of a zone with a path',
      ['DTSTART;TZID=/citadel.org/20210210_1/Europe/Berlin:20261120T090000', 'DURATION:PT1H'],
      '11-20T11:00–11-20T12:00',
    ],
    ['without a zone', ['DTSTART:20261120T090000', 'DTEND:20261120T100030'], '11-20T09:00–11-20T10:00'],
    ['of a day', ['DTSTART;VALUE=DATE:20261120'], '11-20T00:00–11-21T00:00'],
    ['of several days', ['DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20261123'], '11-20T00:00–11-23T00:00'],
    ['of weeks', ['DTSTART:20261101T090000', 'DURATION:P1W'], '11-01T09:00–11-08T09:00'],
    [
      'from zone to zone',
      ['DTSTART:20261120T060000Z', 'DTEND;TZID=Asia/Kolkata:20261120T130000'],
      '11-20T09:00–11-20T10:30',
    ],
  ])('%s', (_name, lines, expected) => {
    const found = read(...event(...lines));
    expect(found.faults).toEqual([]);
    expect(told(found)).toEqual([`${expected} boris`]);
  });

  it('by the name that the file gives for its own zone', () => {
    const zone = ['BEGIN:VTIMEZONE', 'TZID:Custom', 'X-LIC-LOCATION:Asia/Kolkata', 'END:VTIMEZONE'];
    expect(told(read(...zone, ...event('DTSTART;TZID=Custom:20261120T120000', 'DURATION:PT1H')))).toEqual([
      '11-20T09:30–11-20T10:30 boris',
    ]);
  });
});

describe('repetitions', () => {
  it('keep the hour of the clock across its change, and leave out what EXDATE names', () => {
    const found = fromCalendar(
      calendar(
        ...event(
          ...['DTSTART;TZID=Europe/Berlin:20261023T220000', 'DTEND;TZID=Europe/Berlin:20261024T070000'],
          ...['RRULE:FREQ=DAILY;UNTIL=20261027T210000Z', 'EXDATE;TZID=Europe/Berlin:20261025T220000'],
        ),
      ),
      { ...options, timeZone: 'UTC' },
    );
    expect(told(found)).toEqual([
      '10-23T20:00–10-24T05:00 boris',
      '10-24T20:00–10-25T06:00 boris',
      '10-26T21:00–10-27T06:00 boris',
      '10-27T21:00–10-28T06:00 boris',
    ]);
  });

  it('take single occurrences that were moved, cancelled or added', () => {
    const found = read(
      ...event('DTSTART:20261102T090000', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;COUNT=4', 'RDATE:20261201T090000'),
      ...event('DTSTART:20261110T120000', 'DURATION:PT1H', 'RECURRENCE-ID:20261109T090000'),
      ...event('DTSTART:20261116T090000', 'DURATION:PT1H', 'RECURRENCE-ID:20261116T090000', 'STATUS:CANCELLED'),
    );
    expect(told(found)).toEqual([
      '11-02T09:00–11-02T10:00 boris',
      '11-10T12:00–11-10T13:00 boris',
      '11-23T09:00–11-23T10:00 boris',
      '12-01T09:00–12-01T10:00 boris',
    ]);
  });

  it('take another person for a single occurrence that keeps its time', () => {
    const found = read(
      ...event('DTSTART:20261102T090000', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=2'),
      ...['BEGIN:VEVENT', 'UID:e1', 'SUMMARY:Анна', 'DTSTART:20261103T090000', 'DURATION:PT1H'],
      ...['RECURRENCE-ID:20261103T090000', 'END:VEVENT'],
    );
    expect(told(found)).toEqual(['11-02T09:00–11-02T10:00 boris', '11-03T09:00–11-03T10:00 anna']);
  });

  it('leave out a whole day when EXDATE is a day', () => {
    const found = read(
      ...event('DTSTART:20261102T090000', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3', 'EXDATE;VALUE=DATE:20261103'),
    );
    expect(told(found)).toEqual(['11-02T09:00–11-02T10:00 boris', '11-04T09:00–11-04T10:00 boris']);
  });

  it('that began long ago are followed into the span only, and make one override when they follow on each other', () => {
    const found = read(...event('DTSTART;VALUE=DATE:19900101', 'RRULE:FREQ=DAILY'));
    expect(told(found)).toEqual(['10-01T00:00–12-31T00:00 boris'].map(() => expect.stringMatching(/^09-30|^10-01/)));
  });
});

describe('people of a calendar', () => {
  const when = ['DTSTART:20261120T090000', 'DURATION:PT1H'];
  const one = (...lines: string[]) => read('BEGIN:VEVENT', 'UID:e1', ...when, ...lines, 'END:VEVENT');
  const membersOf = (reading: CalendarReading) => reading.overrides.map(({ members }) => members.join(' '));

  it('are its attendees, by mail address or name, else those of the summary', () => {
    expect(
      membersOf(one('ATTENDEE;CN="X, Y":MAILTO:anna@example.com', 'ATTENDEE;CN=Boris:urn:x', 'SUMMARY:Duty')),
    ).toEqual(['anna boris']);
    expect(membersOf(one('ATTENDEE;CN=Nobody:mailto:no@example.com', 'SUMMARY:Анна'))).toEqual(['anna']);
    expect(membersOf(one('SUMMARY:Ivanov\\, Ivan\\, Анна'))).toEqual(['ivan anna']);
    expect(membersOf(one('SUMMARY:Бо', ' ris'))).toEqual([]);
    expect(membersOf(one('SUMMARY:Bo', ' ris'))).toEqual(['boris']);
  });

  it('are not rooms, and not those who declined', () => {
    const invited = ['ATTENDEE;PARTSTAT=DECLINED;CN=Анна:mailto:a@x', 'ATTENDEE;CUTYPE=ROOM;CN=Hall:mailto:h@x'];
    const found = one(...invited, 'ATTENDEE;CN=Boris:mailto:b@x');
    expect([membersOf(found), found.faults]).toEqual([['boris'], []]);
  });

  it('are all on call where events overlap, and one by one where they do not', () => {
    const found = read(
      ...event('DTSTART:20261120T090000', 'DURATION:PT4H'),
      ...['BEGIN:VEVENT', 'UID:e2', 'SUMMARY:Анна', 'DTSTART:20261120T110000', 'DURATION:PT4H', 'END:VEVENT'],
    );
    expect(told(found)).toEqual([
      '11-20T09:00–11-20T11:00 boris',
      '11-20T11:00–11-20T13:00 boris anna',
      '11-20T13:00–11-20T15:00 anna',
    ]);
    expect(found.overrides[0]!.note).toBe('Boris');
  });

  it('that nobody knows are a fault with the event and the remedy; the rest is taken', () => {
    const stranger = ['BEGIN:VEVENT', 'UID:e9', 'SUMMARY:Ghost', ...when, 'END:VEVENT'];
    const found = read(...stranger, ...event(...when, 'ATTENDEE;CN=Boris:urn:x', 'ATTENDEE;CN=Ghost:urn:y'));
    expect(membersOf(found)).toEqual(['boris']);
    expect(found.faults).toEqual([
      {
        pointer: 'line 3',
        detail: 'event e9: no recipient is found by "Ghost"; write a name or slug of the book as SUMMARY',
      },
      { pointer: 'line 9', detail: 'event e1: "Ghost" is no recipient; the others are taken' },
    ]);
  });
});

describe('what cannot be read', () => {
  const good = event('DTSTART:20261120T090000', 'DURATION:PT1H');

  it.each([
    [['DTSTART:20261320T090000'], 'DTSTART holds "20261320T090000"; write a time such as 20261120T090000Z'],
    [
      ['DTSTART;TZID=Mars/Olympus:20261120T090000'],
      'unknown time zone "Mars/Olympus"; write a name such as Europe/Moscow',
    ],
    [['DTEND:20261120T090000Z'], 'has no DTSTART'],
    [['DTSTART:20261120T090000'], 'is shorter than a minute'],
    [['DTSTART:20261120T090000', 'DTEND:20261120T080000'], 'is shorter than a minute'],
    [['DTSTART:20261120T090000', 'DURATION:-PT1H'], 'DURATION must be'],
    [['DTSTART;VALUE=DATE:20261120', 'RRULE:FREQ=SECONDLY'], 'FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY'],
    [['DTSTART;VALUE=DATE:20261120', 'RRULE:FREQ=DAILY;BYHOUR=9'], 'BYHOUR is not read'],
    [['DTSTART;VALUE=DATE:20261120', 'RRULE:FREQ=MONTHLY;BYMONTHDAY=32'], 'no day, month or place'],
    [['DTSTART;VALUE=DATE:20261120', 'RRULE:FREQ=WEEKLY;BYDAY=XX'], 'days must be'],
    [['DTSTART;VALUE=DATE:20261120', 'RRULE:FREQ=WEEKLY;BYDAY=1MO'], 'numbered days need'],
    [['DTSTART;VALUE=DATE:20261120', 'RRULE:FREQ=DAILY;UNTIL=soon'], 'UNTIL holds "SOON"'],
    [['DTSTART;VALUE=DATE:20261120', 'RDATE;VALUE=PERIOD:20261120T090000Z/PT1H'], 'RDATE holds'],
    [['DTSTART;VALUE=DATE:20261120', 'RECURRENCE-ID;RANGE=THISANDFUTURE:20261120'], 'changes all later occurrences'],
  ])('%j is a fault of its event, and the next event is taken', (lines, detail) => {
    const found = read(...event(...lines), ...good);
    expect(found.faults).toEqual([{ pointer: 'line 3', detail: expect.stringContaining(detail) }]);
    expect(found.faults[0]!.detail).toMatch(/^event e1: /);
    expect(told(found)).toEqual(['11-20T09:00–11-20T10:00 boris']);
  });

  it('is a file that is none, a line that is none, and an end without a beginning', () => {
    expect(fromCalendar('hello', options).faults.at(-1)!.detail).toMatch(/BEGIN:VCALENDAR/);
    expect(read('no property', ...good).faults).toEqual([
      { pointer: 'line 3', detail: 'is no property; write `NAME:value`' },
    ]);
    expect(read('END:VEVENT', ...good).faults[0]!.detail).toMatch(/^ends what is not open/);
    expect(fromCalendar(calendar(...good).replace('END:VCALENDAR', ''), options).faults[0]!.detail).toMatch(
      /not ended/,
    );
  });

  it('does not hide that events lie outside the span', () => {
    expect(read(...event('DTSTART:20200101T090000', 'DURATION:PT1H'), ...good)).toMatchObject({
      outside: 1,
      faults: [],
    });
  });
});

describe('a hostile calendar', () => {
  it('is refused when it is too large', () => {
    expect(fromCalendar('x'.repeat(1_048_577), options).faults[0]!.detail).toMatch(/more than 1048576 characters/);
  });

  it('is cut where it has too many events, and says so', () => {
    const found = read(...Array.from({ length: 5001 }, () => event('DTSTART;VALUE=DATE:20261120')).flat());
    expect(found.faults[0]!.detail).toBe('only 5000 events are read; export a shorter span');
    expect(told(found)).toEqual(['11-20T00:00–11-21T00:00 boris']);
  });

  it('cannot make the search for days go on for ever', () => {
    const never = event('DTSTART;VALUE=DATE:19710101', 'RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=9');
    const far = { ...options, to: new Date('2198-01-01T00:00Z') };
    const found = fromCalendar(calendar(...Array.from({ length: 60 }, () => never).flat()), far);
    expect(found.faults.at(-1)!.detail).toMatch(/its repetition, with those before it, is too long/);
  });

  it('makes at most 5,000 overrides, and says so', () => {
    const apart = ['RRULE:FREQ=DAILY', 'DURATION:PT1H'];
    const lines = [...event('DTSTART:20200101T090000', ...apart), ...event('DTSTART:20200101T120000', ...apart)];
    const found = fromCalendar(calendar(...lines), {
      ...options,
      from: new Date('2020-01-01'),
      to: new Date('2030-01-01'),
    });
    expect(found.overrides).toHaveLength(5000);
    expect(found.faults[0]!.detail).toMatch(/^the calendar makes more than 5000 overrides/);
  });

  it('gets at most a hundred faults told, and how many there are', () => {
    const { faults } = read(...Array.from({ length: 150 }, () => '!'));
    expect([faults.length, faults[100]!.detail]).toEqual([101, 'and 50 more faults from here on; mend these first']);
  });
});
