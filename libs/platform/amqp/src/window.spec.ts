import { describe, expect, it } from '@jest/globals';
import { Window } from './window.ts';

const mib = 1024 * 1024;

describe('the window', () => {
  it('is as wide as it was set while messages are small', () => {
    const window = new Window(2000);
    window.saw(1000);
    expect(window.size).toBe(2000);
  });

  it('narrows with the size of the largest message, down to one, and widens again some minutes later', () => {
    const window = new Window(2000);
    window.saw(8 * mib);
    expect(window.size).toBe(8);
    window.saw(mib);
    expect(window.size).toBe(8);
    window.saw(1000 * mib);
    expect(window.size).toBe(1);
    for (let look = 0; look < 120; look += 1) window.forget();
    expect(window.size).toBe(2000);
  });

  it('is overfull when more is in hand than was foreseen, but never by one message', () => {
    const window = new Window(2000);
    window.saw(1000);
    expect(window.overfull(256 * mib)).toBe(false);
    expect(window.overfull(256 * mib + 1)).toBe(true);
    window.saw(300 * mib);
    expect(window.overfull(300 * mib)).toBe(false);
  });
});
