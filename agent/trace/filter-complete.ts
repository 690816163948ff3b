/** What could be meant by the word that is being written: of the words that filters know and of what exists. */
import { packetWords } from './filter-packet.ts';
import { tcpdumpWords } from './filter-primitives.ts';
import { filterWords, verdicts } from './filter-words.ts';

/** What there is to name. */
export interface Existing {
  pods: Iterable<string>;
  namespaces: Iterable<string>;
  services: Iterable<string>;
  nodes: Iterable<string>;
  devices: Iterable<string>;
  addresses: Iterable<string>;
  ports: Iterable<string>;
}

export interface Completion {
  /** What of the text is replaced. */
  from: number;
  to: number;
  options: string[];
}

const MOST = 8;

const joints = ['and', 'or', 'not'];
const plain = [
  ...filterWords,
  'latency>',
  ...tcpdumpWords,
  ...joints,
  ...packetWords.filter((word) => word.length > 3),
];

const values: Record<string, (existing: Existing) => Iterable<string>> = {
  'pod:': ({ pods }) => pods,
  'namespace:': ({ namespaces }) => namespaces,
  'service:': ({ services }) => services,
  'node:': ({ nodes }) => nodes,
  'device:': ({ devices }) => devices,
  'verdict:': () => verdicts,
};

const behind: Record<string, (existing: Existing) => Iterable<string>> = {
  host: ({ addresses }) => addresses,
  src: ({ addresses }) => ['host', 'net', 'port', ...addresses],
  dst: ({ addresses }) => ['host', 'net', 'port', ...addresses],
  port: ({ ports }) => ports,
  tcp: () => ['port', 'src', 'dst', 'portrange', ...joints],
  udp: () => ['port', 'src', 'dst', 'portrange', ...joints],
  ip: () => ['host', 'net', 'src', 'dst', ...joints],
  ip6: () => ['host', 'net', 'src', 'dst', ...joints],
};

/** For the word that ends at the caret; none where nothing fits, or where it is whole already. */
export function completeFilter(text: string, caret: number, existing: Existing): Completion {
  const from = text.slice(0, caret).search(/[^\s()!]*$/);
  const written = text.slice(from, caret);
  const [, word, value] = /^([a-z]+:)(.*)$/i.exec(written) ?? [];
  if (word !== undefined && Object.hasOwn(values, word.toLowerCase())) {
    const at = caret - value.length;
    return { from: at, to: caret, options: fitting(values[word.toLowerCase()](existing), value) };
  }
  const before = /([a-z0-9]+)\s+$/i.exec(text.slice(0, from))?.[1].toLowerCase() ?? '';
  const candidates = Object.hasOwn(behind, before) ? behind[before](existing) : plain;
  // Nobody who has written nothing wants a list of everything.
  const isBlank = written === '' && candidates === plain;
  return { from, to: caret, options: isBlank ? [] : fitting(candidates, written) };
}

/** Or its name does, behind the namespace. */
const begins = (text: string, wanted: string): boolean => text.startsWith(wanted) || text.includes(`/${wanted}`);

/** Those that begin so before those that have it in them. */
function fitting(candidates: Iterable<string>, written: string): string[] {
  const wanted = written.toLowerCase();
  const found = [...new Set(candidates)].filter((candidate) => {
    const text = candidate.toLowerCase();
    return text !== wanted && (begins(text, wanted) || (wanted.length > 1 && text.includes(wanted)));
  });
  const rank = (candidate: string): number => (begins(candidate.toLowerCase(), wanted) ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b)).slice(0, MOST);
}
