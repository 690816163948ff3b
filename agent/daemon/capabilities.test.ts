import { describe, expect, it } from 'vitest';
import { lackOf, missingCapabilities } from './capabilities.ts';

/** /proc/self/status of a process with these capabilities, by number. */
const status = (...bits: number[]): string => {
  const mask = bits.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
  return `Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t${mask.toString(16).padStart(16, '0')}\nCapBnd:\t000001ffffffffff\n`;
};

describe('missingCapabilities', () => {
  it.each([
    { bits: [39, 12, 38], missing: [] },
    { bits: [39, 12], missing: ['PERFMON'] },
    { bits: [12, 38], missing: ['BPF'] },
    { bits: [39, 38], missing: ['NET_ADMIN'] },
    { bits: [12, 21], missing: [] },
    { bits: [21], missing: ['NET_ADMIN'] },
    { bits: [], missing: ['BPF', 'NET_ADMIN', 'PERFMON'] },
  ])('of $bits: $missing', ({ bits, missing }) => expect(missingCapabilities(status(...bits))).toEqual(missing));
});

describe('lackOf', () => {
  it('names what is missing', () => {
    expect(lackOf([])).toBeUndefined();
    expect(lackOf(['BPF'])).toBe('the capability BPF is missing');
    expect(lackOf(['BPF', 'NET_ADMIN', 'PERFMON'])).toBe('the capabilities BPF, NET_ADMIN, and PERFMON are missing');
  });
});
