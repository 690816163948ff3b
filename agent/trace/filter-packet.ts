/**
 * tcpdump's conditions that only whoever has the packet can judge, such as `tcp[tcpflags] & tcp-syn != 0` or `less 100`. They are
 * recognised, not understood: tcpdump's own compiler says what is wrong with them.
 */
import { FilterError, endOf, peek, take, type Leaf, type Reader } from './filter-parts.ts';

/** Each with how many words follow it. */
const words: Record<string, number> = {
  less: 1, greater: 1, proto: 1, broadcast: 0, multicast: 0, gateway: 1, ah: 0, esp: 0, igmp: 0, pim: 0, vrrp: 0,
}; // prettier-ignore

/** Link headers differ from hop to hop: what they say is no property of a packet that crosses several. */
const ofLinks = new Set(['ether', 'vlan', 'mpls', 'arp', 'rarp', 'pppoes', 'geneve', 'inbound', 'outbound', 'ifname']);

export const packetWords = Object.keys(words);

const isRelation = (word: string): boolean => /^([<>]=?|[!=]?=)$/.test(word);
const isSum = (word: string): boolean => /^([-+*/%^&|]|<<|>>)$/.test(word);
const isValue = (word: string): boolean =>
  /^(len|\d+|0x[0-9a-f]+|(icmp6?|tcp)-[a-z-]+)$/.test(word) || word.includes('[');

/** Reads one such condition; undefined where none begins here. */
export function parsePacketCondition(reader: Reader): Leaf | undefined {
  const word = peek(reader);
  if (word === undefined) return undefined;
  const { at } = reader.tokens[reader.next];
  if (ofLinks.has(word)) {
    throw new FilterError(`"${word}" asks for a link's header, which differs from hop to hop`, at);
  }
  if (beginsRelation(reader, word)) parseRelation(reader);
  else if (!parseWords(reader)) return undefined;
  const to = endOf(reader);
  const text = reader.tokens.filter((token) => token.at >= at && token.at < to).map((token) => token.text);
  return { kind: 'leaf', from: at, to, matches: undefined, tcpdump: text.join(' ') };
}

function beginsRelation(reader: Reader, word: string): boolean {
  const next = peek(reader, 1) ?? '';
  return word.includes('[') || (isValue(word) && (isRelation(next) || isSum(next)));
}

/** `proto 89`, `ip multicast`. */
function parseWords(reader: Reader): boolean {
  const isFamily = ['ip', 'ip6'].includes(peek(reader) ?? '') && Object.hasOwn(words, peek(reader, 1) ?? '');
  const word = peek(reader, isFamily ? 1 : 0) ?? '';
  if (!Object.hasOwn(words, word)) return false;
  reader.next += isFamily ? 2 : 1;
  for (let left = words[word]; left > 0; left--) take(reader, `what "${word}" wants`);
  return true;
}

function parseRelation(reader: Reader): void {
  parseSum(reader);
  const sign = take(reader, 'a comparison');
  if (!isRelation(sign.text)) throw new FilterError(`"${sign.text}" should be a comparison, as in != 0`, sign.at);
  parseSum(reader);
}

function parseSum(reader: Reader): void {
  const token = take(reader, 'a number');
  if (token.text === '(') {
    parseSum(reader);
    const close = take(reader, '")"');
    if (close.text !== ')') throw new FilterError('this parenthesis is never closed', token.at);
  } else if (!isValue(token.text.toLowerCase())) {
    throw new FilterError(`"${token.text}" is not a number, nor a part of the packet as in tcp[13]`, token.at);
  }
  if (!isSum(peek(reader) ?? '')) return;
  reader.next++;
  parseSum(reader);
}
