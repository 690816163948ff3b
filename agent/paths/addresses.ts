/** IP addresses as four words in the byte order of the wire (IPv4 as ::ffff:a.b.c.d), and who has them. */

const V4_MARK = 0xffff0000; // 00 00 ff ff read as a little-endian word

/** Whose address it is: a node's own, or of a pod behind one of its devices. */
export interface Owner {
  node: number;
  /** 0: the node itself. */
  ifindex: number;
}

export interface AddressBook {
  /** A packet with this source came out of a pod's device. */
  learn(words: Uint32Array, at: number, node: number, ifindex: number, nowMs: number): void;
  /** Replaces what the node itself has; `bridges` are those of its own addresses that its pods share a network with. */
  setOwn(node: number, addresses: string[], bridges: string[]): void;
  find(words: Uint32Array, at: number): Owner | undefined;
  /** Who must have it: as `find`, or the one node whose bridge has an address in the same network. */
  expect(words: Uint32Array, at: number): number | undefined;
}

/** Who has not sent anything for so long, or for twice as long, is forgotten: pods come and go. */
const LEARNED_MS = 30 * 60_000;
/** Pods of a large cluster; a scan from spoofed sources must not grow it without end. */
const MAX_LEARNED = 32_768;

const keyOf = (words: Uint32Array, at: number): string =>
  `${words[at]},${words[at + 1]},${words[at + 2]},${words[at + 3]}`;

export const isIpv4 = (words: Uint32Array, at: number): boolean =>
  words[at] === 0 && words[at + 1] === 0 && words[at + 2] === V4_MARK;

/**
 * A bridge's prefix length is not in the frames; /24 and /64 is what CNIs with a bridge give a node. It only decides
 * whether an unanswered packet counts as lost or as unseen.
 */
const networkOf = (words: Uint32Array, at: number): string =>
  isIpv4(words, at) ? `4,${words[at + 3] & 0xffffff}` : `6,${words[at]},${words[at + 1]}`;

export function createAddressBook(): AddressBook {
  const own = new Map<string, Owner>();
  /** In this time and in the one before. */
  let learned = new Map<string, Owner>();
  let before = learned;
  let sinceMs = -Infinity;
  const networks = new Map<string, number>();
  const find = (words: Uint32Array, at: number): Owner | undefined => {
    const key = keyOf(words, at);
    return own.get(key) ?? learned.get(key) ?? before.get(key);
  };
  function turn(nowMs: number): void {
    if (nowMs - sinceMs < LEARNED_MS && learned.size < MAX_LEARNED) return;
    [before, learned] = [learned, new Map<string, Owner>()];
    sinceMs = nowMs;
  }
  return {
    find,
    learn(words, at, node, ifindex, nowMs) {
      turn(nowMs);
      const key = keyOf(words, at);
      const known = learned.get(key);
      if (known?.node === node && known.ifindex === ifindex) return;
      learned.set(key, { node, ifindex });
    },
    setOwn(node, addresses, bridges) {
      for (const [key, owner] of own) if (owner.node === node) own.delete(key);
      for (const [key, owner] of networks) if (owner === node) networks.delete(key);
      for (const address of addresses) own.set(keyOf(parseAddress(address), 0), { node, ifindex: 0 });
      for (const address of bridges) {
        const network = networkOf(parseAddress(address), 0);
        networks.set(network, networks.has(network) ? -1 : node);
      }
    },
    expect(words, at) {
      const owner = find(words, at);
      if (owner) return owner.node;
      const node = networks.get(networkOf(words, at));
      return node === -1 ? undefined : node;
    },
  };
}

/** Multicast and broadcast go to many: nobody can say where they should have come out. */
export function isUnicast(words: Uint32Array, at: number): boolean {
  if (!isIpv4(words, at)) return (words[at] & 0xff) !== 0xff;
  const first = words[at + 3] & 0xff;
  return first < 224 && first !== 0;
}

/** The four words of an address in text; zeros where it is none. */
export function parseAddress(text: string): Uint32Array {
  const bytes = new Uint8Array(16);
  if (text.includes(':')) bytes.set(parseV6(text));
  else {
    bytes.fill(0xff, 10, 12);
    bytes.set(text.split('.').map(Number).slice(0, 4), 12);
  }
  return new Uint32Array(bytes.buffer);
}

function parseV6(text: string): number[] {
  const [head = '', tail] = text.replace(/%.*$/, '').split('::');
  const groups = (part: string): number[] =>
    part.split(':').flatMap((group) => {
      if (group.includes('.')) return group.split('.').map(Number);
      const value = parseInt(group, 16);
      return group === '' ? [] : [value >> 8, value & 255];
    });
  const front = groups(head);
  if (tail === undefined) return front.slice(0, 16);
  const back = groups(tail);
  return [...front, ...new Array<number>(Math.max(0, 16 - front.length - back.length)).fill(0), ...back].slice(0, 16);
}

/** Address as people write it; IPv6 with its longest run of zeros left out. */
export function formatAddress(words: Uint32Array, at: number): string {
  if (isIpv4(words, at)) {
    const last = words[at + 3];
    return `${last & 0xff}.${(last >>> 8) & 0xff}.${(last >>> 16) & 0xff}.${last >>> 24}`;
  }
  const bytes = new Uint8Array(Uint32Array.from(words.subarray(at, at + 4)).buffer);
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16)).join(':');
  const runs = [...groups.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map((match) => match[0]);
  const longest = runs.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? groups : groups.replace(longest, ':').replace(/^:(?!:)|(?<!:):$/, '::');
}

/** `ip:port`, `[v6]:port`, or the address alone where the protocol has no ports. */
export function formatEndpoint(address: string, port: number): string {
  if (port === 0) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
