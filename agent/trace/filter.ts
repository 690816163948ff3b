/**
 * Which paths `trace` and the page show, and which packets are followed whole: tcpdump's expressions and the words of
 * filter-words.ts (`pod:web`, `latency>5ms`), any other word as part of an address or a name; joined by `and` (or nothing), `or`,
 * `not` and parentheses.
 */
import { labelOf } from '../names/name.ts';
import { isAddressText, isInside, parseNetwork } from './filter-network.ts';
import { parsePacketCondition } from './filter-packet.ts';
import { FilterError, endOf, peek, take, type Filter, type Leaf, type Reader, type Token, type Tree } from './filter-parts.ts'; // prettier-ignore
import { parsePrimitive, tcpdumpWords, type Qualifiers } from './filter-primitives.ts';
import { answersOf, unansweredOf } from './filter-tree.ts';
import { latencyFilter, namedFilter } from './filter-words.ts';

export { FilterError, type Filter, type Subject, type Tree } from './filter-parts.ts';

/** The filter with a caret under the place where it goes wrong. */
export const explainFilter = (text: string, { message, at }: Pick<FilterError, 'message' | 'at'>): string =>
  `${message}\n  ${text}\n  ${' '.repeat(Math.max(0, Math.min(at, text.length)))}^`;

/** The filter of who wants all. */
export const everything: Filter = () => true;

/** Around the sign of a latency there may be room. `tcp[0:2]` is one word. */
const tokenPattern =
  /latency\s*[<>]=?\s*[^\s()!]*|[a-z]+:[^\s()!]*|[a-z0-9]+\[[^\]]*\]|&&|\|\||<<|>>|[<>=!]=|[()!<>=&|+*%^]|[^\s()!<>=&|+*%^]+/gi;

function parserOf(text: string): Parser {
  const tokens = [...text.matchAll(tokenPattern)].map((match) => ({ text: match[0], at: match.index }));
  return { reader: { tokens, next: 0, end: text.length }, before: undefined, tookOver: false };
}

/** @throws FilterError */
export function parseTree(text: string): Tree | undefined {
  const parser = parserOf(text);
  const { reader } = parser;
  if (reader.tokens.length === 0) return undefined;
  const tree = parseOr(parser);
  const left = reader.tokens[reader.next] as Token | undefined;
  if (left) throw new FilterError(`nothing to close with "${left.text}"`, left.at);
  return tree;
}

/**
 * What records can answer of the filter: where they cannot tell, a subject passes.
 * @throws FilterError
 */
export function parseFilter(text: string): Filter {
  const tree = parseTree(text);
  return tree ? answersOf(tree) : everything;
}

/** The conditions that records cannot answer, as they stand in the text; none of a filter that is wrong. */
export function unansweredIn(text: string): string[] {
  try {
    const tree = parseTree(text);
    return tree ? unansweredOf(tree).map(({ from, to }) => text.slice(from, to)) : [];
  } catch (error) {
    if (error instanceof FilterError) return [];
    throw error;
  }
}

/**
 * The conditions that must all hold, as they stand in the text, each of which says the same alone; alternatives are one, in
 * brackets. Undefined where the filter is wrong.
 */
export function conditionsIn(text: string): string[] | undefined {
  try {
    return parseTree(text) ? conditionsOf(text) : [];
  } catch (error) {
    if (error instanceof FilterError) return undefined;
    throw error;
  }
}

function conditionsOf(text: string): string[] {
  const parser = parserOf(text);
  const { reader } = parser;
  const found: { from: number; to: number; isOne: boolean }[] = [];
  for (let word = peek(reader); word !== undefined; word = peek(reader)) {
    if (isOr(word)) return [`(${text.trim()})`];
    if (isAnd(word)) reader.next++;
    else parser.before = undefined;
    const { at } = reader.tokens[reader.next];
    parser.tookOver = false;
    const couldTakeOver = parser.before !== undefined;
    parseNot(parser);
    // `port 80 and 443` would lose its port.
    if (couldTakeOver && parser.tookOver) Object.assign(found.at(-1)!, { to: endOf(reader), isOne: false });
    else found.push({ from: at, to: endOf(reader), isOne: true });
  }
  return found.flatMap(({ from, to, isOne }) =>
    isOne && text[from] === '(' ? conditionsOf(text.slice(from + 1, to - 1)) : [text.slice(from, to)],
  );
}

interface Parser {
  reader: Reader;
  /** Of the last address or port: the next one may do without. */
  before: Qualifiers | undefined;
  /** One did. */
  tookOver: boolean;
}

const isOr = (word: string | undefined): boolean => word === 'or' || word === '||';
const isAnd = (word: string | undefined): boolean => word === 'and' || word === '&&';

function parseOr(parser: Parser): Tree {
  let left = parseAnd(parser);
  while (isOr(peek(parser.reader))) {
    parser.reader.next++;
    left = { kind: 'or', parts: [left, parseAnd(parser)] };
  }
  return left;
}

function parseAnd(parser: Parser): Tree {
  const { reader } = parser;
  let left = parseNot(parser);
  for (let word = peek(reader); word !== undefined && !isOr(word) && word !== ')'; word = peek(reader)) {
    if (isAnd(word)) reader.next++;
    // `tcp port 80` reads as one condition; without a word between, nothing is taken over.
    else parser.before = undefined;
    left = { kind: 'and', parts: [left, parseNot(parser)] };
  }
  return left;
}

function parseNot(parser: Parser): Tree {
  const { reader } = parser;
  if (peek(reader) !== 'not' && peek(reader) !== '!') return parseOne(parser);
  reader.next++;
  return { kind: 'not', of: parseNot(parser) };
}

function parseOne(parser: Parser): Tree {
  const { reader } = parser;
  const word = peek(reader);
  if (word === '(') return parseGroup(parser);
  const [primitive, qualifiers] = parsePacket(parser) ?? [];
  parser.before = qualifiers;
  if (qualifiers && !tcpdumpWords.includes(word!)) parser.tookOver = true;
  if (primitive) return primitive;
  const token = take(reader, 'a word');
  if (word === ')' || isAnd(word) || isOr(word))
    throw new FilterError(`"${token.text}" has nothing before it`, token.at);
  return wordOf(token);
}

function parsePacket(parser: Parser): [Leaf, Qualifiers?] | undefined {
  const condition = parsePacketCondition(parser.reader);
  return condition ? [condition] : parsePrimitive(parser.reader, parser.before);
}

function wordOf(token: Token): Leaf {
  const named = namedFilter(token);
  const matches = named?.matches ?? latencyFilter(token) ?? partFilter(token.text);
  const tcpdump = isAddressText(token.text) ? `host ${token.text}` : undefined;
  const leaf: Leaf = { kind: 'leaf', from: token.at, to: token.at + token.text.length, matches, tcpdump };
  return named?.names ? { ...leaf, names: named.names } : leaf;
}

function partFilter(text: string): Filter {
  const word = text.toLowerCase();
  const isPart = (other: string): boolean => other.toLowerCase().includes(word);
  const network = isAddressText(word) ? parseNetwork(word) : undefined;
  const isAddress = network ? (address: string) => isInside(network, address) : isPart;
  return ({ sources, destinations, nodes, devices, names }) =>
    [sources, destinations].some((addresses) => addresses.some(isAddress)) ||
    [nodes, devices].some((texts) => texts.some(isPart)) ||
    names.some((name) => isPart(labelOf(name)));
}

function parseGroup(parser: Parser): Tree {
  const { reader } = parser;
  const open = take(reader, 'a word');
  const inner = parseOr(parser);
  if (peek(reader) !== ')') throw new FilterError('this parenthesis is never closed', open.at);
  reader.next++;
  return inner;
}
