/** What filters are made of. */
import type { Name } from '../names/name.ts';
import type { Verdict } from '../paths/view.ts';

/** What of a path, or of many that are alike, a filter looks at. Addresses and ports are as any hop saw them. */
export interface Subject {
  protocol: string;
  sources: string[];
  destinations: string[];
  sourcePorts: number[];
  destinationPorts: number[];
  /** That it passed. */
  nodes: string[];
  devices: string[];
  /** Of pods, Services and nodes at its ends. */
  names: readonly Name[];
  verdict: Verdict;
  /** From end to end, of the fastest and of the slowest packet; NaN unknown. */
  latencyNs: { least: number; most: number };
}

export type Filter = (subject: Subject) => boolean;

/** One condition of a filter: its place in the text, and how records answer it. */
export interface Leaf {
  kind: 'leaf';
  from: number;
  to: number;
  /** Undefined where records cannot tell: only whoever has the packet can. */
  matches: Filter | undefined;
  /** The same for tcpdump's compiler; undefined for what is no property of a packet's headers. */
  tcpdump: string | undefined;
  /** A word that stands for addresses: of the names that it chooses. */
  names?: (name: Name) => boolean;
}

export type Tree =
  Leaf | { kind: 'not'; of: Tree } | { kind: 'and'; parts: [Tree, Tree] } | { kind: 'or'; parts: [Tree, Tree] };

/** What is wrong with a filter, and at which character. */
export class FilterError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.name = 'FilterError';
    this.at = at;
  }
}

/** A word of a filter, and at which character it begins. */
export interface Token {
  text: string;
  at: number;
}

/** Where a parser is in a filter. */
export interface Reader {
  tokens: Token[];
  next: number;
  /** Where the text ends. */
  end: number;
}

export const peek = (reader: Reader, ahead = 0): string | undefined =>
  reader.tokens[reader.next + ahead]?.text.toLowerCase();

/** @throws FilterError where the filter ends */
export function take(reader: Reader, wanted: string): Token {
  const token = reader.tokens[reader.next] as Token | undefined;
  if (!token) throw new FilterError(`the filter ends where ${wanted} should stand`, reader.end);
  reader.next++;
  return token;
}

/** Where the last token that was taken ends. */
export function endOf(reader: Reader): number {
  const last = reader.tokens[reader.next - 1];
  return last.at + last.text.length;
}
