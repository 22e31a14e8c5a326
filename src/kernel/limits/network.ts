import { isIPv4, isIPv6 } from "node:net";

/**
 * The network that a rate limit counts: an IPv4 address, or the /64 of an IPv6 address, since one customer
 * has at least that. IPv4-mapped forms are the IPv4 address.
 */
export function networkOf(ip: string): string {
  if (!isIPv6(ip)) return ip;
  const groups = groupsOf(ip);
  if (isMapped(groups)) return dotted(groups);
  return `${inHex(groups.slice(0, 4))}::/64`;
}

/** An address as a network is compared with it: the IPv4 one of an IPv4-mapped form, no zone; null for no address. */
export function addressOf(ip: string): string | null {
  if (isIPv4(ip)) return ip;
  if (!isIPv6(ip)) return null;
  const groups = groupsOf(ip);
  return isMapped(groups) ? dotted(groups) : inHex(groups);
}

/**
 * A network in the one form in which it is kept, such as `192.0.2.0/24` or `2001:db8:0:0:0:0:0:0/32`; an address alone
 * is a network of one. null for anything else, an address inside a network (`192.0.2.7/24`) among it: whoever writes
 * that may mean either.
 */
export function cidrOf(text: string): string | null {
  const [, ip = "", length] = /^([0-9a-fA-F:.]{2,45})(?:\/(0|[1-9]\d{0,2}))?$/.exec(text.trim()) ?? [];
  const isFour = isIPv4(ip);
  if (!isFour && !isIPv6(ip)) return null;
  const groups = groupsOf(isFour ? `::ffff:${ip}` : ip);
  const bits = length === undefined ? 128 : Number(length) + (isFour ? 96 : 0);
  if (bits > 128 || !isZeroAfter(groups, bits)) return null;
  if (isMapped(groups) && bits >= 96) return `${dotted(groups)}/${bits - 96}`;
  return `${inHex(groups)}/${bits}`;
}

const groupsOf = (ip: string): number[] => expand(ip.split("%")[0] ?? ip);

const isMapped = (groups: readonly number[]): boolean =>
  groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff;

const inHex = (groups: readonly number[]): string => groups.map((g) => g.toString(16)).join(":");

function dotted(groups: readonly number[]): string {
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

const isZeroAfter = (groups: readonly number[], bits: number): boolean =>
  groups.every((group, i) => (group & (0xffff >> Math.min(16, Math.max(0, bits - i * 16)))) === 0);

function expand(ip: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(ip);
  const hex = dotted
    ? `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
    : ip;
  const [head = "", tail] = hex.split("::");
  const left = head ? head.split(":") : [];
  const right = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(zeros).fill("0"), ...right].map((g) => Number.parseInt(g, 16));
}
