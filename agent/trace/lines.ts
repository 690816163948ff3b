/** Lines that fit. */

/** As much of a line as fits. */
export const cut = (line: string, columns: number): string =>
  line.length > columns ? `${line.slice(0, columns - 1)}…` : line;

/** Broken between words, the rest further in. */
export function fold(line: string, columns: number): string[] {
  if (line.length <= columns) return [line];
  const at = line.lastIndexOf(' ', columns);
  const [, indent] = /^( *)/.exec(line)!;
  if (at <= indent.length) return [cut(line, columns)];
  return [line.slice(0, at).trimEnd(), ...fold(`${indent.padEnd(3)}${line.slice(at).trim()}`, columns)];
}

/** Parts joined by dots, broken between them. */
export function wrap(parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + part.length + 3 <= columns) lines[lines.length - 1] = `${line} · ${part}`;
    else lines.push(part);
  }
  return lines;
}
