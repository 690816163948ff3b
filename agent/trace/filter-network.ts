/** Networks as tcpdump writes them: `10.244.0.0/16`, `10.244`, `10.0.0.0 mask 255.0.0.0`, `fd00::/8`. */
import { isIpv4, parseAddress } from '../paths/addresses.ts';

const byte = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const ipv4 = new RegExp(`^${byte}(?:\\.${byte}){3}$`);
const part = new RegExp(`^${byte}(?:\\.${byte}){0,3}$`);

export const isIpv4Text = (text: string): boolean => ipv4.test(text);

export function isIpv6Text(text: string): boolean {
  const halves = text.split('::');
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(':') || halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const tail = groups.at(-1) ?? '';
  const isMapped = tail.includes('.');
  const hex = isMapped ? groups.slice(0, -1) : groups;
  const size = hex.length + (isMapped ? 2 : 0);
  if (isMapped && !isIpv4Text(tail)) return false;
  return hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) && (halves.length === 2 ? size < 8 : size === 8);
}

export const isAddressText = (text: string): boolean => isIpv4Text(text) || isIpv6Text(text);

export interface Network {
  words: Uint32Array;
  /** Of the 128 bits of which IPv4 has the last 32. */
  bits: number;
}

/** Undefined where it is none; a network of IPv4 without length is as long as the bytes that it has. */
export function parseNetwork(text: string): Network | undefined {
  const [, address, length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (address === undefined) return undefined;
  if (isIpv6Text(address)) return network(address, length === undefined ? 128 : Number(length), 0);
  if (!part.test(address)) return undefined;
  const bytes = address.split('.').length;
  const padded = address + '.0'.repeat(4 - bytes);
  return network(padded, length === undefined ? 8 * bytes : Number(length), 96);
}

function network(address: string, length: number, before: number): Network | undefined {
  return before + length > 128 ? undefined : { words: parseAddress(address), bits: before + length };
}

/** The prefix length of a mask such as 255.255.0.0; undefined where it is none. */
export function maskLength(text: string): number | undefined {
  if (!isIpv4Text(text)) return undefined;
  const bits = text.split('.').map((value) => Number(value).toString(2).padStart(8, '0')).join(''); // prettier-ignore
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : undefined;
}

export function isInside({ words, bits }: Network, address: string): boolean {
  const other = parseAddress(address);
  if (isIpv4(words, 0) !== isIpv4(other, 0)) return false;
  const [a, b] = [new DataView(words.buffer), new DataView(other.buffer)];
  for (let at = 0; at < 16; at++) {
    const kept = Math.min(8, Math.max(0, bits - 8 * at));
    if ((a.getUint8(at) ^ b.getUint8(at)) >> (8 - kept)) return false;
  }
  return true;
}
