/** A picture that is drawn anew in place on a terminal. */
export interface Output {
  write(text: string): void;
  isTTY: boolean;
  columns: number;
  rows: number;
}

export interface Screen {
  draw(lines: string[]): void;
  /** Leaves the last picture standing below itself. */
  close(): void;
}

const ESCAPE = '\x1b[';

export function createScreen(output: Output): Screen {
  let drawn = 0;
  return {
    draw(lines) {
      // Lines are cut rather than wrapped: a wrapped one would not be counted when going up again.
      const fitting = lines
        .slice(0, Math.max(1, output.rows - 1))
        .map((line) => [...line].slice(0, output.columns).join(''));
      const up = drawn > 0 ? `${ESCAPE}${drawn}A` : '';
      output.write(`${up}\r${fitting.map((line) => `${ESCAPE}2K${line}\n`).join('')}${ESCAPE}0J`);
      drawn = fitting.length;
    },
    close() {
      drawn = 0;
    },
  };
}
