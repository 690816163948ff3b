import { describe, expect, it } from 'vitest';
import { createScreen } from './screen.ts';

describe('the screen', () => {
  it('goes up over what it drew, and cuts what would wrap', () => {
    const written: string[] = [];
    const screen = createScreen({ write: (text) => written.push(text), isTTY: true, columns: 4, rows: 10 });
    screen.draw(['abcdef', 'x']);
    screen.draw(['y']);
    expect(written).toEqual(['\r\x1b[2Kabcd\n\x1b[2Kx\n\x1b[0J', '\x1b[2A\r\x1b[2Ky\n\x1b[0J']);
  });

  it('makes room for other lines, and begins anew where it was made narrower', () => {
    const written: string[] = [];
    const output = { write: (text: string) => written.push(text), isTTY: true, columns: 4, rows: 10 };
    const screen = createScreen(output);
    screen.draw(['x', 'y']);
    screen.clear();
    screen.clear();
    screen.draw(['x']);
    output.columns = 3;
    screen.draw(['abcd']);
    expect(written.slice(1)).toEqual(['\x1b[2A\r\x1b[0J', '\r\x1b[2Kx\n\x1b[0J', '\r\x1b[2Kabc\n\x1b[0J']);
  });
});
