import { describe, expect, it } from 'vitest';
import { formatNs, formatShare, formatWire } from './numbers.ts';

describe('figures', () => {
  it('have three significant digits and a unit', () => {
    const read = [0, 7, 999, 1000, 1234, 999_600, 41_260, 1e6, 12_345_678, 3.6e12, -1500, NaN].map(formatNs);
    expect(read).toEqual([
      '0 ns', '7 ns', '999 ns', '1 µs', '1.23 µs', '1 ms', '41.3 µs', '1 ms', '12.3 ms', '3600 s', '-1.5 µs', 'unknown',
    ]); // prettier-ignore
  });

  it('of the wire do not run backwards inside the bound', () => {
    expect([formatWire(-400, 19_000), formatWire(400, 19_000), formatWire(-30_000, 19_000)]).toEqual([
      '< 19 µs',
      '400 ns',
      '-30 µs',
    ]);
  });

  it('never round a share up to all', () => {
    expect([formatShare(99_999, 100_000), formatShare(5, 5), formatShare(0, 0)]).toEqual(['99.99 %', '100 %', '']);
  });
});
