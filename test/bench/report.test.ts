import { describe, expect, it } from 'vitest';
import type { Figure } from './figure.ts';
import { kernelSeries, shortNumber, toJson, toTable, type Measured } from './report.ts';

const conditions = { cpus: 2, kernel: 'Linux 6.18', date: '2026-11-23', command: 'npm run bench', quick: false };

const figure = (goal: Figure['goal'], ...rounds: number[]): Figure => ({
  what: 'a thing',
  unit: 'ns',
  rounds,
  ...(goal && { goal }),
});

const measured = (figures: Figure[], more: Partial<Measured> = {}): Measured => ({
  benchmark: 'thing',
  figures,
  otherwiseBusyPercent: 1,
  ...more,
});

/** Of a figure whose quartiles are 7.5 and 8.5. */
const verdict = (goal: Figure['goal']) =>
  toJson(conditions, [measured([figure(goal, 7, 8, 9)])]).benchmarks[0].figures[0].verdict;

describe('the report', () => {
  it('says of each goal whether it is reached, as far as the spread lets it', () => {
    expect(verdict({ value: 8.5, better: 'less' })).toBe('reached');
    expect(verdict({ value: 8, better: 'less' })).toBe('unclear');
    expect(verdict({ value: 7.4, better: 'less' })).toBe('missed');
    expect(verdict({ value: 7.5, better: 'more' })).toBe('reached');
    expect(verdict({ value: 8.1, better: 'more' })).toBe('unclear');
    expect(verdict({ value: 8.6, better: 'more' })).toBe('missed');
    expect(verdict(undefined)).toBeNull();
  });

  it('lays figures out as a table', () => {
    const figures = [
      figure({ value: 9, better: 'less' }, 7, 8, 9),
      { what: 'another', unit: 'records/s', rounds: [4e6] },
    ];
    expect(toTable(toJson(conditions, [measured(figures)]))).toBe(
      [
        '2 CPUs, Linux 6.18, 2026-11-23: npm run bench',
        '',
        '            median               quartiles  unit          goal',
        'a thing       8.00            7.50 to 8.50  ns         <= 9.00  reached',
        'another  4,000,000  4,000,000 to 4,000,000  records/s',
      ].join('\n'),
    );
  });

  it('says what is wrong with them', () => {
    const quick = { ...conditions, quick: true };
    const text = toTable(toJson(quick, [measured([], { failure: 'no iperf3', otherwiseBusyPercent: 42 })]));
    expect(text).toContain('to try, not to quote');
    expect(text).toContain('thing: could not be measured: no iperf3');
    expect(text).toContain('42.0 % of a CPU');
    expect(toTable(toJson(conditions, [measured([])]))).toBe('2 CPUs, Linux 6.18, 2026-11-23: npm run bench');
  });

  it('keeps every round in JSON', () => {
    const { benchmarks } = toJson(conditions, [measured([figure(undefined, 3, 1, 2)])]);
    expect(benchmarks[0].figures[0]).toMatchObject({ rounds: [3, 1, 2], median: 2 });
  });

  it('names the kernel by its series', () => {
    expect(kernelSeries('6.18.44-some-cloud')).toBe('Linux 6.18');
    expect(kernelSeries('7.0-rc1')).toBe('Linux 7.0');
  });

  it('shows three digits', () => {
    expect([0.123, 8, 45.67, 1234.5, 1234567].map(shortNumber)).toEqual(['0.12', '8.00', '45.7', '1,235', '1,234,567']);
    expect(shortNumber(-5.371)).toBe('-5.37');
  });
});
