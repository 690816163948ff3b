import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitLines } from './lines.ts';

async function* pieces(bytes: Uint8Array, cuts: number[]): AsyncGenerator<Uint8Array> {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  for (const [index, from] of [0, ...at].entries()) yield await Promise.resolve(bytes.subarray(from, at[index]));
}

async function linesOf(chunks: AsyncIterable<Uint8Array>, mostBytes = 1 << 20): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of splitLines(chunks, mostBytes)) lines.push(line);
  return lines;
}

it('makes the same lines wherever bytes are cut, inside a character too', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''));
  await fc.assert(
    fc.asyncProperty(fc.array(line), line, fc.array(fc.nat()), async (lines, rest, cuts) => {
      const bytes = new TextEncoder().encode(lines.map((each) => `${each}\n`).join('') + rest);
      expect(await linesOf(pieces(bytes, cuts))).toEqual(lines);
    }),
  );
});

it('refuses a line without end, and takes one of just so many bytes', async () => {
  const bytes = new TextEncoder().encode(`${'x'.repeat(10)}\n`);
  expect(await linesOf(pieces(bytes, [3]), 10)).toEqual(['x'.repeat(10)]);
  await expect(linesOf(pieces(bytes, [3]), 9)).rejects.toMatchObject({ code: 'too-large' });
});
