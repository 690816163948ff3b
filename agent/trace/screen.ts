/** A picture that is drawn anew in place on a terminal. */
export interface Output {
  write(text: string): void;
  isTTY: boolean;
  columns: number;
  rows: number;
}

export interface Screen {
  draw(lines: string[]): void;
  /** Takes the picture away, so that something else can be written there. */
  clear(): void;
  /** Leaves the last picture standing below itself. */
  close(): void;
}

const ESCAPE = '\x1b[';

export function createScreen(output: Output): Screen {
  let drawn = 0;
  let columns = output.columns;
  const up = (): string => `${drawn > 0 ? `${ESCAPE}${drawn}A` : ''}\r`;
  return {
    draw(lines) {
      // In other columns the terminal has laid out the old picture anew: nobody knows where it began.
      if (output.columns !== columns) drawn = 0;
      columns = output.columns;
      // Lines are cut rather than wrapped: a wrapped one would not be counted when going up again.
      const fitting = lines
        .slice(0, Math.max(1, output.rows - 1))
        .map((line) => [...line].slice(0, output.columns).join(''));
      output.write(`${up()}${fitting.map((line) => `${ESCAPE}2K${line}\n`).join('')}${ESCAPE}0J`);
      drawn = fitting.length;
    },
    clear() {
      if (drawn > 0) output.write(`${up()}${ESCAPE}0J`);
      drawn = 0;
    },
    close() {
      drawn = 0;
    },
  };
}
