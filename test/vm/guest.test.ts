import { describe, expect, it } from 'vitest';
import { consoleReader } from './guest.mjs';

function read(lines: string[]): { lines: string[]; code: number | undefined } {
  const seen: { lines: string[]; code: number | undefined } = { lines: [], code: undefined };
  const reader = consoleReader(
    (line) => seen.lines.push(line),
    (code) => (seen.code = code),
  );
  for (const line of lines) reader(line);
  return seen;
}

describe('consoleReader', () => {
  it('keeps the lines of the command only', () => {
    const seen = read([
      'SeaBIOS',
      '\u001b[2Jhoplens-guest-begins\r',
      'one\r',
      '',
      'hoplens-guest-ended 3\r',
      'sysrq: Resetting',
    ]);
    expect(seen).toEqual({ lines: ['one', ''], code: 3 });
  });

  it('finds the end behind what the command left on its line', () => {
    expect(read(['hoplens-guest-begins', 'one', '\u001b[?25hhoplens-guest-ended 1\r']).code).toBe(1);
  });

  it('knows no exit code when the guest died', () => {
    expect(read(['hoplens-guest-begins', 'one', 'Kernel panic']).code).toBeUndefined();
  });
});
