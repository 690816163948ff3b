/** The words of a filter that ask for something by name: `pod:web`, `verdict:dropped`, `latency>5ms`. */
import type { Name } from '../names/name.ts';
import type { Verdict } from '../paths/view.ts';
import { FilterError, type Filter, type Subject, type Token } from './filter-parts.ts';

export const verdicts: readonly Verdict[] = ['delivered', 'handed', 'dropped', 'vanished', 'unseen'];

type Matcher = (text: string | null) => boolean;

/** How a value is found in a name. */
const asName: Record<string, (matches: Matcher, name: Name) => boolean> = {
  pod: (matches, name) => name.kind === 'pod' && isPod(matches, name),
  namespace: (matches, { namespace }) => matches(namespace),
  service: (matches, name) => name.kind === 'service' && (matches(name.name) || matches(fullName(name))),
};

/** How a value is found in a subject. */
const asking: Record<string, (matches: Matcher, subject: Subject) => boolean> = {
  pod: (matches, { names }) => names.some((name) => asName.pod(matches, name)),
  namespace: (matches, { names }) => names.some((name) => asName.namespace(matches, name)),
  service: (matches, { names }) => names.some((name) => asName.service(matches, name)),
  node: (matches, { nodes, names }) => nodes.some(matches) || names.some(({ node }) => matches(node)),
  device: (matches, { devices }) => devices.some(matches),
  verdict: (matches, { verdict }) => matches(verdict),
};

export const filterWords = Object.keys(asking).map((word) => `${word}:`);

const fullName = ({ namespace, name }: Pick<Name, 'namespace' | 'name'>): string => `${namespace ?? ''}/${name}`;

/** By its name, by its workload's, or by a beginning of its name: what follows a `-` was made up by the workload. */
function isPod(matches: Matcher, { name, namespace, workload }: Name): boolean {
  const beginnings = [...name.matchAll(/-|$/g)].map(({ index }) => name.slice(0, index));
  if (workload !== null) beginnings.push(workload);
  return beginnings.some((beginning) => matches(beginning) || matches(fullName({ namespace, name: beginning })));
}

/** A whole name in any case; `*` stands for any characters. */
function matcherOf(value: string): Matcher {
  const [first, ...others] = value.toLowerCase().split('*');
  const last = others.pop();
  if (last === undefined) return (text) => text?.toLowerCase() === first;
  return (text) => text !== null && isMade(text.toLowerCase(), first, others, last);
}

/** Whether a text is these parts with anything between them. */
function isMade(text: string, first: string, between: string[], last: string): boolean {
  let at = first.length;
  for (const part of between) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.startsWith(first) && text.endsWith(last) && at <= text.length - last.length;
}

interface Named {
  matches: Filter;
  /** Whose addresses stand for it in a packet; undefined for what no packet shows. */
  names: ((name: Name) => boolean) | undefined;
}

/** The filter of a word such as `pod:web`; undefined where it is none. */
export function namedFilter({ text, at }: Token): Named | undefined {
  const [, word, value] = /^([a-z]+):(.*)$/is.exec(text) ?? [];
  // `fd00::2` and the like are addresses.
  if (word === undefined || /^[0-9a-f]+$/i.test(word)) return undefined;
  const key = word.toLowerCase();
  if (!Object.hasOwn(asking, key)) throw new FilterError(`"${word}:" is none of ${filterWords.join(' ')}`, at);
  const valueAt = at + word.length + 1;
  if (value === '')
    throw new FilterError(`"${word}:" wants a ${key === 'verdict' ? 'verdict' : 'name'} behind it`, valueAt);
  if (key === 'verdict' && !verdicts.some((verdict) => verdict === value.toLowerCase())) {
    throw new FilterError(`"${value}" is no verdict, they are ${verdicts.join(', ')}`, valueAt);
  }
  const matches = matcherOf(value);
  const choose = Object.hasOwn(asName, key) ? asName[key] : undefined;
  return {
    matches: (subject) => asking[key](matches, subject),
    names: choose && ((name) => choose(matches, name)),
  };
}

const units: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };

/** Nanoseconds of `5ms`, `200us`; undefined where it is no time with a unit. */
export function parseLatency(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s)$/i.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * units[unit.toLowerCase()];
}

/** Any of the subject's packets will do: the slowest for more, the fastest for less. What has no time is neither. */
const comparisons: Record<string, (limitNs: number, subject: Subject) => boolean> = {
  '>': (limitNs, { latencyNs }) => latencyNs.most > limitNs,
  '>=': (limitNs, { latencyNs }) => latencyNs.most >= limitNs,
  '<': (limitNs, { latencyNs }) => latencyNs.least < limitNs,
  '<=': (limitNs, { latencyNs }) => latencyNs.least <= limitNs,
};

/** The filter of `latency>5ms`; undefined where it is none. */
export function latencyFilter({ text, at }: Token): Filter | undefined {
  const [, before, sign, value] = /^(latency\s*)([<>]=?)(.*)$/is.exec(text) ?? [];
  if (sign === undefined) {
    if (text.toLowerCase() !== 'latency') return undefined;
    throw new FilterError('"latency" wants a comparison behind it, as in latency>5ms', at + text.length);
  }
  const time = value.trim();
  const limitNs = parseLatency(time);
  const valueAt = at + before.length + sign.length + (value.length - value.trimStart().length);
  if (limitNs === undefined)
    throw new FilterError(`"${time}" is no time, it has a unit as in 5ms, 200us or 1s`, valueAt);
  return (subject) => comparisons[sign](limitNs, subject);
}
