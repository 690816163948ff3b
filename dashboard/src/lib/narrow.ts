/** Clicking narrows: conditions are put to the filter, and taken out of it again. */
import { conditionsIn } from '../../../agent/trace/filter.ts';

/** `pod:demo/web`; what would not stay one word matches anything there. */
export const nameWord = (word: string, name: string): string => `${word}:${name.replace(/[\s()!]+/g, '*')}`;

/** As it is compared. */
const plain = (condition: string): string => condition.toLowerCase().replaceAll(/\s+/g, ' ');

const isAmong = (conditions: readonly string[], word: string): boolean =>
  conditions.some((condition) => plain(condition) === plain(word));

/** What is wrong hides nothing, so it asks for nothing. */
const asked = (filter: string): string[] => conditionsIn(filter) ?? [];

/** Tells of words whether the filter asks for all of them. */
export function asking(filter: string): (words: readonly string[]) => boolean {
  const conditions = asked(filter);
  return (words) => words.length > 0 && words.every((word) => isAmong(conditions, word));
}

/** The filter that also asks for these. */
export function ask(filter: string, words: readonly string[]): string {
  const conditions = asked(filter);
  return together([...conditions, ...words.filter((word) => !isAmong(conditions, word))]);
}

const unask = (filter: string, words: readonly string[]): string =>
  together(asked(filter).filter((condition) => !isAmong(words, condition)));

/** The filter that also asks for these; without them where it asks for all of them. */
export const narrow = (filter: string, words: readonly string[]): string =>
  asking(filter)(words) ? unask(filter, words) : ask(filter, words);

function together(conditions: readonly string[]): string {
  const all = conditions.reduce(join, '');
  const inner = all.slice(1, -1);
  // Alternatives need their brackets only beside something else.
  return conditions.length === 1 && conditionsIn(inner)?.[0] === all ? inner : all;
}

/** As one writes it, where that says the same: `tcp host 10.0.0.1` does not, nor does `port 80 and 443`. */
function join(all: string, next: string): string {
  if (all === '') return next;
  const wanted = [...asked(all), ...asked(next)].join('\n');
  const ways = [`${all} ${next}`, `${all} and ${next}`];
  return ways.find((way) => conditionsIn(way)?.join('\n') === wanted) ?? `${all} (${next})`;
}
