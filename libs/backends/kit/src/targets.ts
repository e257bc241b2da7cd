/**
 * Which addresses a backend may point at. Operators type URLs, so a URL must not become a way into what only this
 * machine can reach: the public internet is open, everything else must be listed in TARGET_NETWORKS, and the metadata
 * addresses of clouds are never allowed.
 */
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = [Address, number];

/** Says why an IP address may not be used as a target; `undefined` when it may. */
export type TargetGuard = (ip: string) => string | undefined;

/**
 * Metadata services of the clouds: AWS, GCP, Azure and Oracle share 169.254.169.254, Azure also answers on
 * 168.63.129.16, Oracle's older cloud on 192.0.0.192, Alibaba on 100.100.100.200, AWS on fd00:ec2::/32, GCP on fd20:ce::254.
 */
const neverAllowed = [
  '169.254.0.0/16',
  '168.63.129.16/32',
  '192.0.0.192/32',
  '100.100.100.200/32',
  'fd00:ec2::/32',
  'fd20:ce::254/128',
  'fe80::/10',
].map(parseCidr);

/** Global unicast (RFC 4291): an IPv6 address outside it is not on the public internet, whatever a library calls it. */
const globalIpv6 = [parseCidr('2000::/3')];

/** IPv6 networks that carry an IPv4 address, with its offset in bytes: IPv4-compatible, RFC 6145, NAT64 and 6to4. */
const carriersOfIpv4 = [
  { network: parseCidr('::/96'), at: 12 },
  { network: parseCidr('::ffff:0:0:0/96'), at: 12 },
  { network: parseCidr('64:ff9b::/96'), at: 12 },
  { network: parseCidr('2002::/16'), at: 2 },
];

/** Private ranges (RFC 1918, RFC 4193): where the chat servers of a company live. */
export const privateNetworks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];

/** Loopback ranges (RFC 1122, RFC 4291). */
export const loopbackNetworks = ['127.0.0.0/8', '::1/128'];

/** Makes the guard for a list of CIDRs outside the public internet that are allowed. Throws on a malformed CIDR. */
export function createTargetGuard(allowedCidrs: readonly string[]): TargetGuard {
  const allowed = allowedCidrs.map(parseCidr);
  return (ip) => {
    if (!ipaddr.isValid(ip)) return `${ip} is not an IP address`;
    const address = ipaddr.process(ip);
    if (isMetadata(address)) return `${ip} is a link-local or metadata address, which is never a target`;
    if (isPublic(address) || contains(allowed, address)) return undefined;
    return `${ip} is outside the public internet (${address.range()}) and not in TARGET_NETWORKS`;
  };
}

/** Reads a CIDR such as `10.0.0.0/8`. Throws when it is none. */
export function parseCidr(text: string): Cidr {
  return ipaddr.parseCIDR(text.trim());
}

function isMetadata(address: Address): boolean {
  if (contains(neverAllowed, address)) return true;
  const carrier = carriersOfIpv4.find(({ network }) => contains([network], address));
  if (!carrier) return false;
  const carried = ipaddr.fromByteArray(address.toByteArray().slice(carrier.at, carrier.at + 4));
  return contains(neverAllowed, carried);
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || contains(globalIpv6, address);
}

function contains(cidrs: readonly Cidr[], address: Address): boolean {
  return cidrs.some((cidr) => cidr[0].kind() === address.kind() && address.match(cidr as never));
}
