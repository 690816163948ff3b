/**
 * tcpdump's words that records can answer: `host`, `net`, `port`, `portrange` with `src`, `dst` and a protocol before them, and
 * protocols alone. An address or a number behind `or` or `and` takes over what stood before the last one, as tcpdump has it.
 */
import { FilterError, endOf, peek, take, type Filter, type Leaf, type Reader, type Subject, type Token } from './filter-parts.ts'; // prettier-ignore
import { isAddressText, isInside, maskLength, parseNetwork } from './filter-network.ts';

type Side = 'src' | 'dst' | 'src or dst' | 'src and dst';
type Type = 'host' | 'net' | 'port' | 'portrange';

/** What stands before an address or a port. */
export interface Qualifiers {
  protocol: string;
  side: Side;
  type: Type;
}

const hasFamily =
  (isOfFamily: (address: string) => boolean) =>
  ({ sources }: Subject): boolean =>
    sources.some(isOfFamily);

const isV6 = (address: string): boolean => address.includes(':');
const isOver = (name: string) => ({ protocol }: Subject) => protocol.split(' ')[0] === name; // prettier-ignore

const protocols: Record<string, Filter> = {
  tcp: isOver('tcp'),
  udp: isOver('udp'),
  sctp: isOver('sctp'),
  icmp: isOver('icmp'),
  icmp6: isOver('icmpv6'),
  ip: hasFamily((address) => !isV6(address)),
  ip6: hasFamily(isV6),
};

export const tcpdumpWords = [...Object.keys(protocols), 'host', 'net', 'port', 'portrange', 'src', 'dst'];

const isType = (word: string | undefined): word is Type =>
  word === 'host' || word === 'net' || word === 'port' || word === 'portrange';
const isSide = (word: string | undefined): word is 'src' | 'dst' => word === 'src' || word === 'dst';
const wantsPort = (type: Type): boolean => type === 'port' || type === 'portrange';

const both = (a: Filter, b: Filter): Filter => (subject) => a(subject) && b(subject); // prettier-ignore
const either = (a: Filter, b: Filter): Filter => (subject) => a(subject) || b(subject); // prettier-ignore

const sides: Record<Side, (source: Filter, destination: Filter) => Filter> = {
  src: (source) => source,
  dst: (_, destination) => destination,
  'src or dst': either,
  'src and dst': both,
};

/** Reads one such condition; undefined where none begins here. */
export function parsePrimitive(reader: Reader, before: Qualifiers | undefined): [Leaf, Qualifiers?] | undefined {
  const word = peek(reader);
  if (word === undefined) return undefined;
  if (before && continues(word, before)) return parseValue(reader, before, reader.tokens[reader.next].at);
  const isProtocol = Object.hasOwn(protocols, word);
  if (!isProtocol && !isSide(word) && !isType(word)) return undefined;
  const { at } = reader.tokens[reader.next];
  if (isProtocol) reader.next++;
  const protocol = isProtocol ? word : '';
  if (isProtocol && !isSide(peek(reader)) && !isType(peek(reader))) {
    return [{ kind: 'leaf', from: at, to: endOf(reader), matches: protocols[word], tcpdump: word }];
  }
  const side = parseSide(reader);
  const type = parseType(reader, protocol);
  return parseValue(reader, { protocol, side, type }, at);
}

function parseSide(reader: Reader): Side {
  const first = peek(reader);
  if (!isSide(first)) return 'src or dst';
  reader.next++;
  const [link, second] = [peek(reader), peek(reader, 1)];
  const isJoined = (link === 'or' || link === 'and') && isSide(second) && second !== first;
  if (!isJoined) return first;
  reader.next += 2;
  return link === 'or' ? 'src or dst' : 'src and dst';
}

function parseType(reader: Reader, protocol: string): Type {
  const word = peek(reader);
  if (!isType(word)) return 'host';
  const { at } = take(reader, 'a word');
  if (wantsPort(word) && protocol.startsWith('icmp')) throw new FilterError(`${protocol} has no ports`, at);
  if (!wantsPort(word) && !['', 'ip', 'ip6'].includes(protocol)) {
    throw new FilterError(`"${protocol} ${word}" is not said so: ${protocol} and ${word}`, at);
  }
  return word;
}

const continues = (word: string, { type }: Qualifiers): boolean =>
  wantsPort(type) ? /^\d+(-\d+)?$/.test(word) : isAddressText(word) || /^\d+(\.\d+)*\/\d+$/.test(word);

function parseValue(reader: Reader, qualifiers: Qualifiers, from: number): [Leaf, Qualifiers] {
  const { protocol, side, type } = qualifiers;
  const [value, source, destination] = wantsPort(type) ? parsePorts(reader, type) : parseHosts(reader, type);
  const matches = sides[side](source, destination);
  const words = [protocol, side === 'src or dst' ? '' : side, type, value].filter((word) => word !== '');
  const leaf: Leaf = {
    kind: 'leaf',
    from,
    to: endOf(reader),
    matches: protocol === '' ? matches : both(protocols[protocol], matches),
    tcpdump: words.join(' '),
  };
  return [leaf, qualifiers];
}

type Sides = [text: string, source: Filter, destination: Filter];

function parseHosts(reader: Reader, type: Type): Sides {
  const token = take(reader, type === 'net' ? 'a network' : 'an address');
  const holds = type === 'net' ? parseNet(reader, token) : hostIs(token);
  return [
    type === 'net' && peek(reader, -2) === 'mask' ? netWithMask(reader) : token.text,
    ({ sources }) => sources.some(holds),
    ({ destinations }) => destinations.some(holds),
  ];
}

/** The three tokens before: network, `mask`, mask. */
const netWithMask = ({ tokens, next }: Reader): string =>
  tokens
    .slice(next - 3, next)
    .map(({ text }) => text)
    .join(' ');

function hostIs({ text, at }: Token): (address: string) => boolean {
  if (!isAddressText(text)) throw new FilterError(`"${text}" is not an address`, at);
  const network = parseNetwork(text)!;
  return (address) => isInside({ words: network.words, bits: 128 }, address);
}

function parseNet(reader: Reader, { text, at }: Token): (address: string) => boolean {
  const network = parseNetwork(text);
  if (!network) throw new FilterError(`"${text}" is not a network, as in 10.244.0.0/16`, at);
  if (peek(reader) === 'mask') {
    reader.next++;
    const mask = take(reader, 'a mask');
    const length = maskLength(mask.text);
    if (length === undefined) throw new FilterError(`"${mask.text}" is not a mask, as in 255.255.0.0`, mask.at);
    network.bits = 96 + length;
  }
  return (address) => isInside(network, address);
}

function parsePorts(reader: Reader, type: Type): Sides {
  const { text, at } = take(reader, type === 'port' ? 'a port' : 'a range of ports');
  const [first, last] = type === 'port' ? [text, text] : text.split('-');
  if (last === undefined) throw new FilterError(`"${text}" is not a range of ports, as in 8000-8080`, at);
  const [from, to] = [portOf(first, at), portOf(last, at)];
  const isIn = (port: number): boolean => port >= Math.min(from, to) && port <= Math.max(from, to);
  return [
    text,
    ({ sourcePorts }) => sourcePorts.some(isIn),
    ({ destinationPorts }) => destinationPorts.some(isIn),
  ];
} // prettier-ignore

function portOf(text: string, at: number): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new FilterError(`"${text}" is not a port, they go from 0 to 65535`, at);
}
