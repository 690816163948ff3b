/** Lines that fit. */

/** As much of a line as fits. */
export const cut = (line: string, columns: number): string =>
  line.length > columns ? `${line.slice(0, columns - 1)}…` : line;

const DOT = ' · ';

/** Broken between parts, or else between words, the rest further in. */
export function fold(line: string, columns: number): string[] {
  if (line.length <= columns) return [line];
  const [, indent] = /^( *)/.exec(line)!;
  const gap = [DOT, ' '].find((each) => line.lastIndexOf(each, columns) > indent.length);
  if (gap === undefined) return [cut(line, columns)];
  const at = line.lastIndexOf(gap, columns);
  const rest = line.slice(at + gap.length).trim();
  return [line.slice(0, at).trimEnd(), ...fold(`${indent.padEnd(3)}${rest}`, columns)];
}

/**
 * Parts joined by dots, broken between them.
 * @param indent of all lines but the first
 */
export function wrap(parts: readonly string[], columns: number, indent = ''): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line === undefined) lines.push(part);
    else if (line.length + DOT.length + part.length > columns) lines.push(indent + part);
    else lines[lines.length - 1] = line + DOT + part;
  }
  return lines;
}

/** Of the columns of a table. */
export const widthsOf = (titles: readonly string[], rows: readonly string[][]): number[] =>
  titles.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at].length)));
