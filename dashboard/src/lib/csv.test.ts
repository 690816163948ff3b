import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TimeColumns } from '../worker/messages.ts';
import type { RowShape } from '../worker/rows.ts';
import { listColumns } from './list-columns.ts';
import type { Figures } from './row.ts';
import { csv, pathsCsv, timeCsv, type Cell } from './csv.ts';

/** As a spreadsheet reads it. */
function read(text: string): string[][] {
  const rows: string[][] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    if (rows.length === 0 || rows.at(-1)!.at(-1) === '\r\n') rows.push([]);
    rows.at(-1)!.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '\r\n') rows.at(-1)!.push('\r\n');
  }
  return rows.map((row) => row.slice(0, -1));
}

const cells: fc.Arbitrary<Cell> = fc.oneof(
  fc.string(),
  fc.constantFrom('a,b', '"', 'x\r\ny', '', '=1+1'),
  fc.integer(),
);

test('what is written is what is read, and nothing that is read is a formula', () => {
  fc.assert(
    fc.property(fc.array(fc.array(cells, { minLength: 3, maxLength: 3 }), { maxLength: 8 }), (rows) => {
      const back = read(csv(['a', 'b', 'c'], rows)).slice(1);
      expect(back.length).toBe(rows.length);
      rows.forEach((row, at) =>
        row.forEach((value, column) => {
          const text = back[at][column];
          expect(text === String(value) || text === `'${value}`).toBe(true);
          if (typeof value === 'string') expect(text).not.toMatch(/^[=+\-@\t\r\n]/);
        }),
      );
    }),
  );
});

test('formulas that a pod could be called are texts', () => {
  const names = ['=HYPERLINK("http://x")', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'];
  for (const name of names) expect(read(csv(['h'], [[name]]))[1][0]).toBe(`'${name}`);
  expect(csv(['h'], [[-5], [NaN]])).toBe('h\r\n-5\r\n\r\n');
});

test('a time line has ISO times and units, what is unknown is empty', () => {
  const column = (...values: number[]): Float64Array => Float64Array.from(values);
  const time = {
    axis: { from: 1.7e9, to: 1.7e9 + 2 }, n: column(3, 0), p50Ns: column(10, NaN), p90Ns: column(20, NaN), p99Ns: column(30, NaN),
    queueP50Ns: column(NaN, NaN), queueP99Ns: column(NaN, NaN), bytes: column(125, 0), joined: column(3, 0), lost: column(1, 0), again: column(0, 0),
  } as unknown as TimeColumns; // prettier-ignore
  const [heads, first, second] = read(timeCsv(time));
  expect(heads.slice(0, 6)).toEqual(['time', 'n', 'p50_ns', 'p90_ns', 'p99_ns', 'rate_bit_per_s']);
  expect(first.slice(0, 6)).toEqual(['2023-11-14T22:13:20.000Z', '3', '10', '20', '30', '1000']);
  expect(second.slice(0, 6)).toEqual(['2023-11-14T22:13:21.000Z', '0', '', '', '', '0']);
});

test('paths are written in their order, with the columns that are chosen', () => {
  const shape = (source: string): RowShape =>
    ({ source, destination: '10.0.0.2', ends: {}, service: 80, isRequest: true, protocol: 'tcp', loss: '', tunnel: 'vxlan', tunnelBytes: 50 }) as unknown as RowShape; // prettier-ignore
  const figures = { joined: 2, lost: 2, lossShare: 0.5, p50Ns: 3, p99Ns: 4, boundNs: 1, changeNs: NaN, changeBoundNs: 0, bytesPerSecond: 5 } as Figures; // prettier-ignore
  const paths = ['=cmd', '10.0.0.1'].map((source) => ({ shape: shape(source), figures }));
  const [heads, first, second, ...more] = read(pathsCsv(paths, ['p99', 'loss']));
  expect(heads).toEqual(['from', 'to', 'from_address', 'to_address', 'p99_ns', 'lost_how', 'loss_share', 'bound_ns']);
  expect(first).toEqual(["'=cmd", '10.0.0.2:80', "'=cmd", '10.0.0.2:80', '4', '', '0.5', '1']);
  expect([second[0], more]).toEqual(['10.0.0.1', []]);
  expect(read(pathsCsv(paths, ['bytes', 'rate']))[1].slice(4)).toEqual(['vxlan', '50', '40']);
  expect(read(pathsCsv(paths, listColumns))[0]).toHaveLength(18);
});
