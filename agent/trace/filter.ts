/**
 * Which paths `trace` and the page show, in words: `tcp`, `udp`, `icmp`, `ip6`, `host 10.244.0.2`, `port 80`, those of
 * filter-words.ts (`pod:web`, `latency>5ms`), any other word as part of an address or a name; joined by `and` (or nothing),
 * `or`, `not` and parentheses.
 */
import { labelOf } from '../names/name.ts';
import { FilterError, type Filter, type Subject, type Token } from './filter-parts.ts';
import { latencyFilter, namedFilter } from './filter-words.ts';

export { FilterError, type Filter, type Subject } from './filter-parts.ts';

/** The filter with a caret under the place where it goes wrong. */
export const explainFilter = (text: string, error: FilterError): string =>
  `${error.message}\n  ${text}\n  ${' '.repeat(error.at)}^`;

interface Reader {
  tokens: Token[];
  next: number;
  /** Where the text ends. */
  end: number;
}

/** Around the sign of a latency there may be room. */
const tokenPattern = /[()]|!|latency\s*[<>]=?\s*[^\s()!]*|[^\s()!]+/gi;

/** @throws FilterError */
export function parseFilter(text: string): Filter {
  const tokens = [...text.matchAll(tokenPattern)].map((match) => ({ text: match[0], at: match.index }));
  if (tokens.length === 0) return () => true;
  const reader: Reader = { tokens, next: 0, end: text.length };
  const filter = parseOr(reader);
  const left = tokens[reader.next] as Token | undefined;
  if (left) throw new FilterError(`nothing to close with "${left.text}"`, left.at);
  return filter;
}

const peek = (reader: Reader): string | undefined => reader.tokens[reader.next]?.text.toLowerCase();

function parseOr(reader: Reader): Filter {
  let left = parseAnd(reader);
  while (peek(reader) === 'or' || peek(reader) === '||') {
    reader.next++;
    const [a, b] = [left, parseAnd(reader)];
    left = (subject) => a(subject) || b(subject);
  }
  return left;
}

function parseAnd(reader: Reader): Filter {
  let left = parseNot(reader);
  for (
    let word = peek(reader);
    word !== undefined && word !== 'or' && word !== '||' && word !== ')';
    word = peek(reader)
  ) {
    if (word === 'and' || word === '&&') reader.next++;
    const [a, b] = [left, parseNot(reader)];
    left = (subject) => a(subject) && b(subject);
  }
  return left;
}

function parseNot(reader: Reader): Filter {
  if (peek(reader) !== 'not' && peek(reader) !== '!') return parseOne(reader);
  reader.next++;
  const inner = parseNot(reader);
  return (subject) => !inner(subject);
}

function take(reader: Reader, wanted: string): Token {
  const token = reader.tokens[reader.next] as Token | undefined;
  if (!token) throw new FilterError(`the filter ends where ${wanted} should stand`, reader.end);
  reader.next++;
  return token;
}

const protocols: Record<string, (subject: Subject) => boolean> = {
  tcp: (subject) => subject.protocol === 'tcp',
  udp: (subject) => subject.protocol === 'udp',
  icmp: (subject) => subject.protocol === 'icmp' || subject.protocol === 'icmpv6',
  icmp6: (subject) => subject.protocol === 'icmpv6',
  ip: (subject) => subject.addresses.some((address) => !address.includes(':')),
  ip6: (subject) => subject.addresses.some((address) => address.includes(':')),
};

/** tcpdump words that mean something else than part of a name; they come with tcpdump's own compiler. */
const notYet = new Set(['src', 'dst', 'net', 'portrange', 'proto', 'ether', 'vlan', 'less', 'greater']);

function parseOne(reader: Reader): Filter {
  const token = take(reader, 'a word');
  const word = token.text.toLowerCase();
  if (word === '(') return parseGroup(reader, token);
  if (word === ')' || word === 'and' || word === 'or' || word === '&&' || word === '||') {
    throw new FilterError(`"${token.text}" has nothing before it`, token.at);
  }
  if (Object.hasOwn(protocols, word)) return protocols[word];
  if (word === 'host') return hostFilter(take(reader, 'an address'));
  if (word === 'port') return portFilter(take(reader, 'a port'));
  if (notYet.has(word)) throw new FilterError(`"${token.text}" is not understood yet`, token.at);
  return namedFilter(token) ?? latencyFilter(token) ?? partFilter(word);
}

const partFilter =
  (word: string): Filter =>
  ({ addresses, nodes, devices, names }) => {
    const isPart = (text: string): boolean => text.toLowerCase().includes(word);
    return (
      [addresses, nodes, devices].some((texts) => texts.some(isPart)) || names.some((name) => isPart(labelOf(name)))
    );
  };

function parseGroup(reader: Reader, open: Token): Filter {
  const inner = parseOr(reader);
  if (peek(reader) !== ')') throw new FilterError('this parenthesis is never closed', open.at);
  reader.next++;
  return inner;
}

function hostFilter({ text, at }: Token): Filter {
  if (!/^[0-9a-f.:]+$/i.test(text)) throw new FilterError(`"${text}" is not an address`, at);
  const wanted = text.toLowerCase();
  return (subject) => subject.addresses.includes(wanted);
}

function portFilter({ text, at }: Token): Filter {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new FilterError(`"${text}" is not a port, they go from 0 to 65535`, at);
  return (subject) => subject.ports.includes(port);
}
