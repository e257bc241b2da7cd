import { describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { Arrivals } from './arrivals.ts';
import { selfSigned } from './certificate.ts';
import { closedPort, listen } from './listening.ts';
import { Script } from './script.ts';

describe('a script of planned answers', () => {
  it('plays the plans in order, each as often as asked, then is fine again', () => {
    const script = new Script(['ok', 'busy', 'status']);
    script.plan('busy', 2);
    script.plan({ kind: 'status', status: 418 });
    expect(Array.from({ length: 4 }, () => script.take().kind)).toEqual(['busy', 'busy', 'status', 'ok']);
  });

  it('repeats without end until it is cleared', () => {
    const script = new Script(['ok', 'busy']);
    script.plan('busy', Infinity);
    expect(Array.from({ length: 50 }, () => script.take().kind)).toEqual(Array<string>(50).fill('busy'));
    script.clear();
    expect(script.take().kind).toBe('ok');
  });

  it('refuses to plan what the simulator cannot play, instead of playing something else', () => {
    expect(() => new Script(['ok']).plan('offline')).toThrow(/cannot play offline/);
  });
});

describe('arrivals', () => {
  it('keep the last ones within the bound, and count all', () => {
    const arrivals = new Arrivals<number>(3);
    for (let item = 1; item <= 10; item += 1) arrivals.add(item);
    expect(arrivals.all()).toEqual([8, 9, 10]);
    expect(arrivals.count).toBe(10);
    arrivals.clear();
    expect([arrivals.all(), arrivals.count]).toEqual([[], 0]);
  });

  it('can be waited for, before and after they came', async () => {
    const arrivals = new Arrivals<string>();
    const waiting = arrivals.until(2);
    arrivals.add('a');
    arrivals.add('b');
    expect(await waiting).toEqual(['a', 'b']);
    expect(await arrivals.until(1)).toEqual(['a', 'b']);
  });

  it('say how many came when not enough did', async () => {
    const arrivals = new Arrivals<string>();
    arrivals.add('a');
    await expect(arrivals.until(2, 10)).rejects.toThrow('1 of 2 arrived within 10 ms');
  });
});

describe('the self-signed certificate', () => {
  it('is one for localhost and 127.0.0.1 that fits its key and is valid now', () => {
    const { cert, key } = selfSigned();
    const certificate = new X509Certificate(cert);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
  });
});

describe('listening', () => {
  it('stops although a connection is open', async () => {
    const { port, stop } = await listen(createServer());
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => socket.destroy());
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => socket.once('connect', resolve));
    await stop();
    await closed;
  });

  it('finds a port where nobody listens', async () => {
    expect(await closedPort(createServer)).toBeGreaterThan(0);
  });
});
