/** Clicking narrows: words are put to the filter, and taken out of it again. */

/** `pod:demo/web`; what would not stay one word matches anything there. */
export const nameWord = (word: string, name: string): string => `${word}:${name.replace(/[\s()!]+/g, '*')}`;

/** `host 10.0.0.1` is one thing to ask for, in two words. */
const asked = (filter: string): string[] =>
  [...filter.matchAll(/(?:host|port)\s+\S+|\S+/gi)].map(([text]) => text.replace(/\s+/g, ' '));

const isAlternative = (filter: string): boolean => /(^|\s)(or|\|\|)(\s|$)/i.test(filter);

/** Whether the filter asks for all of these. */
export function asksFor(filter: string, words: readonly string[]): boolean {
  if (words.length === 0 || isAlternative(filter)) return false;
  const all = asked(filter);
  return words.every((word) => all.includes(word));
}

/** The filter that also asks for these; without them where it asks for all of them. */
export function narrow(filter: string, words: readonly string[]): string {
  if (asksFor(filter, words))
    return asked(filter)
      .filter((word) => !words.includes(word))
      .join(' ');
  const before = isAlternative(filter) ? [`(${filter.trim()})`] : asked(filter);
  return [...new Set([...before, ...words])].join(' ');
}
