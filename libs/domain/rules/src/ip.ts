/**
 * IP addresses as hexadecimal text of fixed width (8 digits for IPv4, 32 for IPv6), so that a range is two string
 * comparisons. What counts as an address follows Event Ruler: dotted IPv4, and IPv6 made of hexadecimal groups only.
 */
const dotted = /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/;
const grouped = /^[0-9a-fA-F:]*:[0-9a-fA-F:]*$/;
const mappedPrefix = '00000000000000000000ffff';

/** A closed range of addresses of one family, both ends in hexadecimal of the same width. */
export interface IpRange {
  low: string;
  high: string;
}

function ipv4Hex(text: string): string | undefined {
  let hex = '';
  for (const part of text.split('.')) {
    const octet = Number(part);
    if (octet > 255) return undefined;
    hex += octet.toString(16).padStart(2, '0');
  }
  return hex;
}

function groupsHex(text: string): string | undefined {
  if (text === '') return '';
  let hex = '';
  for (const group of text.split(':')) {
    if (group === '' || group.length > 4) return undefined;
    hex += group.toLowerCase().padStart(4, '0');
  }
  return hex;
}

function ipv6Hex(text: string): string | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsHex(halves[0] ?? '');
  const tail = halves.length === 2 ? groupsHex(halves[1] ?? '') : '';
  if (head === undefined || tail === undefined) return undefined;
  const missing = 32 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 4) return undefined;
  const hex = head + '0'.repeat(missing) + tail;
  return hex.startsWith(mappedPrefix) ? hex.slice(mappedPrefix.length) : hex;
}

/** The text that was read last: rules ask for the same address one after the other. */
let last: { text: string; hex: string | undefined } = { text: '', hex: undefined };

/** Reads an address and answers its hexadecimal form, or `undefined` when the text is no address. */
export function ipHex(text: string): string | undefined {
  if (text.length > 45) return undefined;
  if (text !== last.text) last = { text, hex: readHex(text) };
  return last.hex;
}

function readHex(text: string): string | undefined {
  if (dotted.test(text)) return ipv4Hex(text);
  return grouped.test(text) ? ipv6Hex(text) : undefined;
}

/** Reads `address/bits`; answers a sentence of refusal when it is malformed. */
export function readCidr(text: string): IpRange | string {
  const slash = text.indexOf('/');
  const bitsText = text.slice(slash + 1);
  if (slash < 0 || !/^[0-9]{1,3}$/.test(bitsText))
    return 'must be an address, a slash and a number of bits, such as 10.0.0.0/8';
  const hex = ipHex(text.slice(0, slash));
  if (hex === undefined) return 'must begin with an IPv4 or IPv6 address, such as 10.0.0.0/8 or 2001:db8::/32';
  const width = hex.length * 4;
  const bits = Number(bitsText);
  if (bits > width) return `has too many bits: at most ${width} for this kind of address`;
  const hostBits = BigInt(width - bits);
  const low = (BigInt(`0x${hex}`) >> hostBits) << hostBits;
  const high = low | ((1n << hostBits) - 1n);
  return { low: low.toString(16).padStart(hex.length, '0'), high: high.toString(16).padStart(hex.length, '0') };
}

/** Tells whether an address in hexadecimal lies in a range; addresses of the other family never do. */
export function inRange(hex: string, range: IpRange): boolean {
  return hex.length === range.low.length && hex >= range.low && hex <= range.high;
}
