/**
 * Addresses that stand for others, the same one for the same address within a file. They are numbers in order of
 * appearance and computed from nothing, so that nobody finds the address by trying all of them: there is no key to lose.
 *
 * Kept: the family; private or public; who shares a /24 (IPv6: a /64), which is what the joining of paths looks at. Those
 * that name nobody (loopback, multicast, broadcast, unspecified) stay as they are.
 */
import { formatAddress, isIpv4, parseAddress } from '../paths/addresses.ts';

export interface AddressPseudonyms {
  /** Replaces the four words of an address in place. */
  replace: (words: Uint32Array, at: number) => void;
  /** The same for text; what is no address becomes the unspecified one. */
  text: (address: string) => string;
}

/** First bytes of what stands for a network; its number follows. */
const PRIVATE_V4 = [10];
const PUBLIC_V4 = [240];
const PRIVATE_V6 = [0xfd, 0];
const PUBLIC_V6 = [0x20, 0x01, 0x0d, 0xb8];
const LINK_V6 = [0xfe, 0x80];

interface Network {
  bytes: Uint8Array;
  hosts: Map<string, number>;
}

export function createAddressPseudonyms(): AddressPseudonyms {
  const networks = new Map<string, Network>();
  const counts = new Map<number[], number>();

  /** @param prefixBytes of the network */
  function networkOf(address: Uint8Array, firstByte: number, prefixEnd: number, range: number[]): Network {
    const key = `${range.join('.')} ${address.slice(firstByte, prefixEnd).join('.')}`;
    let network = networks.get(key);
    if (!network) {
      const number = counts.get(range) ?? 0;
      counts.set(range, number + 1);
      const bytes = new Uint8Array(prefixEnd - firstByte);
      bytes.set(range);
      // A flood from everywhere has more networks than two bytes count.
      for (let at = bytes.length - 1, rest = number; rest > 0; at--, rest = Math.floor(rest / 256))
        bytes[at] += rest % 256;
      networks.set(key, (network = { bytes, hosts: new Map() }));
    }
    return network;
  }

  function replaceIn(address: Uint8Array, firstByte: number, prefixEnd: number, range: number[]): void {
    const { bytes, hosts } = networkOf(address, firstByte, prefixEnd, range);
    const host = address.slice(prefixEnd).join('.');
    const number = hosts.get(host) ?? hosts.size + 1;
    hosts.set(host, number);
    address.set(bytes, firstByte);
    for (let at = 15, rest = number; at >= prefixEnd; at--, rest = Math.floor(rest / 256)) address[at] = rest % 256;
  }

  function replace(words: Uint32Array, at: number): void {
    const address = new Uint8Array(words.buffer, words.byteOffset + 4 * at, 16);
    if (isIpv4(words, at)) {
      if (!namesNobodyV4(address)) replaceIn(address, 12, 15, isPrivateV4(address) ? PRIVATE_V4 : PUBLIC_V4);
    } else if (address[0] === 0xff) hideSolicited(address);
    else if (!namesNobodyV6(address)) replaceIn(address, 0, 8, rangeV6(address));
  }

  return {
    replace,
    text(address) {
      const words = parseAddress(address);
      replace(words, 0);
      return formatAddress(words, 0);
    },
  };
}

/** Unspecified, loopback, multicast, broadcast. */
const namesNobodyV4 = (address: Uint8Array): boolean =>
  address[12] === 0 || address[12] === 127 || (address[12] >= 224 && address[12] < 240) || isBroadcast(address);

const isBroadcast = (address: Uint8Array): boolean => address.subarray(12).every((byte) => byte === 255);

/** RFC 1918, carrier-grade NAT, link-local. */
function isPrivateV4({ 12: first, 13: second }: Uint8Array): boolean {
  if (first === 10 || (first === 192 && second === 168) || (first === 169 && second === 254)) return true;
  return (first === 172 && second >= 16 && second < 32) || (first === 100 && second >= 64 && second < 128);
}

/** `::` and `::1`. */
const namesNobodyV6 = (address: Uint8Array): boolean =>
  address.subarray(0, 15).every((byte) => byte === 0) && address[15] <= 1;

function rangeV6({ 0: first, 1: second }: Uint8Array): number[] {
  if ((first & 0xfe) === 0xfc) return PRIVATE_V6;
  return first === 0xfe && (second & 0xc0) === 0x80 ? LINK_V6 : PUBLIC_V6;
}

/** A solicited-node group (ff02::1:ffXX:XXXX) holds the end of an address. */
function hideSolicited(address: Uint8Array): void {
  if (address[1] === 2 && address[11] === 1 && address[12] === 0xff) address.fill(0, 13);
}
