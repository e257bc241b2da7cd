import { describe, expect, it } from '@jest/globals';
import { KeyLookUp } from './key-look-up.ts';
import type { ActorView } from './keys.ts';

const actor: ActorView = { id: '1', name: 'k', scopes: ['read'] };
const known = Buffer.from('known');
const other = Buffer.from('other');
const unavailable = { code: 'UNAVAILABLE', retryAfterSeconds: 2 };

/** A database that hangs until it is told otherwise; one key is in memory. */
class Hanging {
  asked = 0;
  back = false;
  readonly lookUp = new KeyLookUp({ find: (hash) => this.#find(hash), touch: () => undefined }, 5);

  #find(hash: Buffer): Promise<ActorView | undefined> {
    if (hash === known) return Promise.resolve(actor);
    this.asked += 1;
    return this.back ? new Promise((resolve) => setTimeout(() => resolve(actor), 1)) : new Promise(() => undefined);
  }
}

describe('the look-up of a key', () => {
  it('is not waited for without end: the caller is told to come back', async () => {
    const { lookUp } = new Hanging();
    await expect(lookUp.find(other)).rejects.toMatchObject(unavailable);
  });

  it('lets one caller find out, refuses the others at once, and lets those pass whose key is in memory', async () => {
    const { lookUp } = new Hanging();
    await expect(lookUp.find(other)).rejects.toMatchObject(unavailable);
    const order: string[] = [];
    const probe = lookUp.find(other).catch(() => order.push('probe'));
    const next = lookUp.find(other).catch(() => order.push('next'));
    expect(await lookUp.find(known)).toBe(actor);
    await Promise.all([probe, next]);
    expect(order).toEqual(['next', 'probe']);
  });

  it('is patient again once the database answered', async () => {
    const database = new Hanging();
    await expect(database.lookUp.find(other)).rejects.toMatchObject(unavailable);
    database.back = true;
    expect(await database.lookUp.find(other)).toBe(actor);
    expect(await Promise.all([database.lookUp.find(other), database.lookUp.find(other)])).toEqual([actor, actor]);
  });

  it('hands on what the look-up failed with', async () => {
    const bug = new TypeError('a bug');
    const lookUp = new KeyLookUp({ find: () => Promise.reject(bug), touch: () => undefined });
    await expect(lookUp.find(other)).rejects.toBe(bug);
  });
});
