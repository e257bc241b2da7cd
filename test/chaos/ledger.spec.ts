import { beforeEach, describe, expect, it } from '@jest/globals';
import { Ledger, quantile, type Expected } from './ledger.ts';

let ledger: Ledger;
beforeEach(() => {
  ledger = new Ledger((type) => (type === 'both' ? ['a/1', 'b/1'] : type === 'one' ? ['a/1'] : []));
});

const event = (key: string, more: Partial<Expected> = {}): Expected => ({ key, type: 'one', door: 'http', ...more });
const arrive = (key: string, more: object = {}) =>
  ledger.arrive({ key, target: 'a/1', deliveryId: `d-${key}`, at: 10, ok: true, ...more });

describe('the ledger', () => {
  it('misses an accepted event at each of its targets until it arrives there with success', () => {
    ledger.accept(event('x', { type: 'both' }), 5);
    arrive('x', { ok: false });
    expect([ledger.missing, ledger.unfinished().map(({ key }) => key)]).toEqual([2, ['x']]);
    arrive('x');
    expect(ledger.missingTargets(ledger.entries.get('x')!)).toEqual(['b/1']);
    arrive('x', { target: 'b/1', deliveryId: 'd2' });
    expect([ledger.missing, ledger.unfinished()]).toEqual([0, []]);
  });

  it('counts an event once, also when it arrives before its producer knows, or is accepted twice', () => {
    arrive('x');
    ledger.accept(event('x'), 12);
    ledger.accept(event('x', { door: 'amqp' }), 13);
    expect([ledger.missing, ledger.accepted]).toEqual([0, { http: 1, amqp: 0 }]);
    expect(ledger.delays()).toEqual([0]);
  });

  it('does not miss what was never accepted', () => {
    arrive('x');
    expect([ledger.missing, ledger.unfinished()]).toEqual([0, []]);
  });

  it('tells a delivery that came twice from two deliveries of one event', () => {
    ledger.accept(event('x'), 5);
    arrive('x', { ok: false });
    arrive('x');
    expect(ledger.doubled()).toEqual([]);
    arrive('x', { at: 20 });
    expect(ledger.doubled()).toEqual([{ key: 'x', target: 'a/1', deliveryId: 'd-x', okAt: [10, 20] }]);
    expect(ledger.twice()).toEqual([]);
    arrive('x', { deliveryId: 'other', ok: false });
    expect(ledger.twice()).toEqual([{ key: 'x', target: 'a/1', deliveryIds: ['d-x', 'other'] }]);
    expect([ledger.delivered(), ledger.arrivals]).toEqual([1, 4]);
  });

  it('sees an earlier one of a series that succeeds after a later one, per target', () => {
    const series = (number: number) => ({ series: { name: 's', number } });
    arrive('0', series(0));
    arrive('1', { ...series(1), ok: false });
    arrive('2', { ...series(2), target: 'b/1' });
    expect(ledger.orderViolations).toEqual([]);
    arrive('2', series(2));
    arrive('1', { ...series(1), at: 30 });
    arrive('1', { ...series(1), at: 31 });
    expect(ledger.orderViolations).toEqual([{ target: 'a/1', series: 's', number: 1, after: 2, at: 30 }]);
  });

  it('measures from acceptance to the first success, where it is asked for', () => {
    ledger.accept(event('x', { type: 'both' }), 5);
    ledger.accept(event('y'), 100);
    arrive('x', { ok: false });
    arrive('x', { at: 45 });
    arrive('x', { at: 99 });
    arrive('x', { target: 'b/1', at: 25 });
    arrive('y', { at: 101 });
    expect(ledger.delays()).toEqual([1, 20, 40]);
    expect(ledger.delays((target, acceptedAt) => target === 'a/1' && acceptedAt < 50)).toEqual([40]);
  });
});

describe('a quantile', () => {
  it('is a value of the list, and 0 of an empty one', () => {
    expect([quantile([], 0.5), quantile([7], 0.99), quantile([1, 2, 3, 4], 0.5)]).toEqual([0, 7, 3]);
  });
});
