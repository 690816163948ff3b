import { expect, test } from 'vitest';
import { standingOf } from '../lib/map-items.ts';
import { asymmetry, cellAfter, describeCell, slowNodes } from '../lib/matrix.ts';
import { standingKey, type Standings } from './map/compare.ts';
import { flannel, layRows, type Laid } from './map/rows.ts';
import { createMatrix, type MatrixCell, type MatrixView } from './matrix.ts';

const none: Standings = new Map();
const look = ({ rows, window }: Laid, standings = none): MatrixView =>
  createMatrix()({ rows, window, standings, nodes: [{ name: 'n2' }, { name: 'n10' }, { name: 'n1' }] });
const cell = ({ cells }: MatrixView, from: string, to: string): MatrixCell =>
  cells.find((one) => one.from === from && one.to === to)!;

type Chooses = (from: string, to: string) => boolean;

/** Every pair of five nodes; those that `isSlow` chooses stand out. */
function allPairs(isSlow: Chooses, isShared: Chooses = () => false): MatrixView {
  const laid = layRows();
  const standings = new Map();
  const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];
  for (const from of nodes) {
    for (const to of nodes.filter((node) => node !== from)) {
      const { shape } = laid.add({ hops: flannel(from, 'a', to, 'b') });
      const slow = isSlow(from, to);
      standings.set(standingKey(shape.name, 3), {
        lane: shape.name, segment: 3, isSlow: slow, isShared: isShared(from, to), quantile: 0.5, nowNs: slow ? 5e6 : 1000, normalNs: 1000,
      }); // prettier-ignore
    }
  }
  return look(laid, standings);
}

test('each way is a cell: the wire’s times with their bound, and only them', () => {
  const laid = layRows();
  laid.add({ hops: flannel('n1', 'a', 'n2', 'b') }, { packets: 100, ns: 40_000, boundNs: 500 });
  laid.add({ hops: flannel('n2', 'b', 'n1', 'a') }, { packets: 50, ns: 90_000, boundNs: 500 });
  laid.add({ hops: flannel('n1', 'a', 'n1', 'c') });
  const matrix = look(laid);
  expect(matrix.nodes).toEqual(['n1', 'n2', 'n10']);
  expect(matrix.cells).toHaveLength(2);
  const [there, back] = [cell(matrix, 'n1', 'n2'), cell(matrix, 'n2', 'n1')];
  expect(there).toMatchObject({
    packets: 100,
    lost: 0,
    boundNs: expect.closeTo(500, -1) as number,
    words: ['node:n1', 'node:n2'],
  });
  expect(there.p50Ns / 40_000).toBeCloseTo(1, 1);
  expect(asymmetry(there, back)).toMatch(/^\S+ µs ±999 ns shorter than back$/);
  expect(asymmetry(there, { ...back, boundNs: 60_000 })).toMatch(/^no asymmetry beyond/);
  expect(asymmetry(there, { ...back, p50Ns: NaN })).toBe('asymmetry unknown');
});

test('a clock that nobody knows makes times unknown', () => {
  const laid = layRows();
  laid.add({ hops: flannel('n1', 'a', 'n2', 'b') }, { boundNs: NaN });
  expect(cell(look(laid), 'n1', 'n2')).toMatchObject({ packets: 100, p50Ns: NaN, p99Ns: NaN, boundNs: NaN });
});

test('what vanishes on the wire is lost between the two nodes, where the other one is known', () => {
  const laid = layRows();
  laid.add({ hops: flannel('n1', 'a', 'n2', 'b'), destination: '10.2.0.2' }, { packets: 90 });
  const lost = { isLost: true, verdict: 'vanished', loss: 'vanished behind n1 eth0' } as const;
  const hops = flannel('n1', 'a', 'n2', 'b').slice(0, 4);
  laid.add({ hops, ...lost, destination: '10.2.0.2' }, { packets: 10 });
  laid.add({ hops, ...lost, destination: '10.9.0.9' }, { packets: 7 });
  laid.add({ hops: hops.slice(0, 2), ...lost, destination: '10.2.0.2' });
  const matrix = look(laid);
  expect(cell(matrix, 'n1', 'n2')).toMatchObject({ packets: 90, lost: 10 });
  expect(matrix.unplaced).toBe(7);
});

test('one slow link stands out, and one slow node, as such', () => {
  const one = allPairs((from, to) => from === 'n2' && to === 'n4');
  expect(one.cells.filter(({ slow }) => slow > 0)).toMatchObject([{ from: 'n2', to: 'n4', times: 5000 }]);
  expect(slowNodes(one.cells)).toEqual([]);
  expect(slowNodes(allPairs((from, to) => from === 'n3' || to === 'n3').cells)).toEqual(['n3']);
  expect(slowNodes(allPairs((from) => from === 'n3').cells)).toEqual(['n3']);
  expect(slowNodes(allPairs(() => false).cells)).toEqual([]);
});

test('arrow keys go from cell to cell, and not over the edge', () => {
  expect(cellAfter(3, [1, 1], 'ArrowUp')).toEqual([0, 1]);
  expect(cellAfter(3, [2, 2], 'ArrowRight')).toEqual([2, 2]);
  expect(cellAfter(3, [1, 1], 'Tab')).toBeUndefined();
});

test('a cell that has no more than a share of the other way’s delay is not slow, and says so', () => {
  const matrix = allPairs((from, to) => from === 'n1' && to === 'n2', (from, to) => from === 'n2' && to === 'n1'); // prettier-ignore
  const [there, back] = [cell(matrix, 'n1', 'n2'), cell(matrix, 'n2', 'n1')];
  expect([there, back, cell(matrix, 'n1', 'n3')].map(standingOf)).toEqual(['slow', 'shared', 'normal']);
  expect(describeCell(back, there)).toContain('clocks give it a share of what the other way takes longer');
  expect(describeCell(there, back)).toContain('5000 times its normal');
});
