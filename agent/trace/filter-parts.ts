/** What filters are made of. */
import type { Name } from '../names/name.ts';
import type { Verdict } from '../paths/view.ts';

/** What of a path, or of many that are alike, a filter looks at. */
export interface Subject {
  protocol: string;
  /** As any hop saw them. */
  addresses: string[];
  ports: number[];
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
