/** Control and format characters, surrogates without a partner, separators of lines: what could move a cursor or turn text round. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Text from outside as it may stand on a terminal or a page: what is no visible character is written as `\u{1b}`. */
export const shown = (text: string): string =>
  text.replace(unseen, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
