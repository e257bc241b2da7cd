/**
 * Which addresses a backend may point at. Operators type URLs, so a URL must not become a way into what only this
 * machine can reach: the public internet is open, everything else must be listed in TARGET_NETWORKS, and the metadata
 * addresses of clouds are never allowed.
 */
import ipaddr from 'ipaddr.js';

type Cidr = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Says why an IP address may not be used as a target; `undefined` when it may. */
export type TargetGuard = (ip: string) => string | undefined;

/** Metadata services of the clouds: AWS, GCP, Azure and Oracle share 169.254.169.254, Alibaba 100.100.100.200, AWS also fd00:ec2::254. */
const neverAllowed = ['169.254.0.0/16', '100.100.100.200/32', 'fd00:ec2::254/128', 'fe80::/10'].map(parseCidr);

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
    if (contains(neverAllowed, address)) return `${ip} is a link-local or metadata address, which is never a target`;
    if (address.range() === 'unicast' || contains(allowed, address)) return undefined;
    return `${ip} is outside the public internet (${address.range()}) and not in TARGET_NETWORKS`;
  };
}

/** Reads a CIDR such as `10.0.0.0/8`. Throws when it is none. */
export function parseCidr(text: string): Cidr {
  return ipaddr.parseCIDR(text.trim());
}

function contains(cidrs: readonly Cidr[], address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return cidrs.some((cidr) => cidr[0].kind() === address.kind() && address.match(cidr as never));
}
