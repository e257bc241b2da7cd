import { describe, expect, it } from '@jest/globals';
import { createTargetGuard, loopbackNetworks, parseCidr, privateNetworks } from './targets.ts';

const closed = createTargetGuard([]);
const onPremises = createTargetGuard([...privateNetworks, ...loopbackNetworks]);
const everything = createTargetGuard(['0.0.0.0/0', '::/0']);

describe('the target guard', () => {
  it.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '::ffff:8.8.8.8'])('lets %s on the public internet pass', (ip) => {
    expect(closed(ip)).toBeUndefined();
  });

  it.each([
    ...['127.0.0.1', '127.255.255.254', '0x7f.1', '2130706433', '017700000001', '0.0.0.0', '::', '::1'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::127.0.0.1', '::7f00:1', '::ffff:0:127.0.0.1', '64:ff9b::7f00:1'],
    ...['64:ff9b:1::7f00:1', '2002:7f00:1::', '2001:0:7f00:1::'],
    ...['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fd12::1', 'fc00::1', 'fec0::1'],
    ...['100.64.0.1', '198.18.0.1', '192.0.2.1', '203.0.113.9', '224.0.0.1', '255.255.255.255', '240.0.0.1'],
    ...['ff02::1', '2001:db8::1', '100::1', '4000::1'],
  ])('refuses %s, which is not on the public internet', (ip) => {
    expect(closed(ip)).toMatch(/TARGET_NETWORKS/);
  });

  it.each(['10.1.2.3', '172.20.0.1', '192.168.1.1', 'fd12::1', '127.0.0.1', '::1', '::ffff:10.0.0.1'])(
    'lets %s pass once its network is listed',
    (ip) => {
      expect(onPremises(ip)).toBeUndefined();
    },
  );

  it.each([
    ...['169.254.169.254', '169.254.170.2', '168.63.129.16', '192.0.0.192', '100.100.100.200'],
    ...['fe80::1', 'fe80::1%lo', 'fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254'],
    ...['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '::a9fe:a9fe', '::ffff:0:169.254.169.254'],
    ...['64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::1', '2852039166', '0xa9fea9fe'],
  ])('refuses the metadata address %s whatever is listed', (ip) => {
    expect(everything(ip)).toMatch(/never a target/);
  });

  it('refuses what is no address at all', () => {
    expect(everything('localhost')).toMatch(/not an IP address/);
    expect(everything('')).toMatch(/not an IP address/);
  });

  it('does not take a malformed network', () => {
    expect(() => createTargetGuard(['10.0.0.0'])).toThrow();
    expect(() => parseCidr('10.0.0.0/33')).toThrow();
    expect(parseCidr(' 10.0.0.0/8 ')[1]).toBe(8);
  });
});
