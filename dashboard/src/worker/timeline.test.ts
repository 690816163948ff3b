import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addCell, cellKey, createCells, sortCells } from '../../../agent/histogram/cells.ts';
import { bucketOf, createHistogram, observe, quantile } from '../../../agent/histogram/histogram.ts';
import { createHistory } from './history.ts';
import { flannel, layRows } from './map/rows.ts';
import { Series, seriesOf, wayOf, type Row } from './rows.ts';
import { figuresOfSecond, Use } from './second.ts';
import { chooserOf, segmentChoices } from './segments.ts';
import { createTimeline } from './timeline.ts';

const shapeOf = (names: string[], nodes: string[]) =>
  ({
    segments: names.map((name) => ({ name })),
    hops: [...nodes, nodes.at(-1)!].map((node) => ({ node })),
  }) as Row['shape'];

test('a second has the percentiles of all chosen series together, and its bands hold each time', () => {
  const times = fc.array(fc.tuple(fc.constantFrom(0, 1, 2), fc.nat(1e9)), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(times, (all) => {
      const table = createCells();
      const wanted = { ...createHistogram(), counts: new Float64Array(2048), min: 0, max: Infinity };
      for (const [series, timeNs] of all) {
        addCell(table, cellKey(series, bucketOf(timeNs)), 1);
        if (series !== 1) observe(wanted, timeNs);
      }
      const uses = Uint8Array.of(Use.time, Use.joined, Use.time | Use.queue);
      const second = figuresOfSecond(sortCells(table), uses);
      expect([second.n, second.joined]).toEqual([wanted.count, all.length - wanted.count]);
      expect(second.bands.reduce((sum, count) => sum + count, 0)).toBe(second.n);
      const exact = { ...wanted, min: 0, max: Infinity };
      expect([second.p50Ns, second.p90Ns, second.p99Ns]).toEqual([0.5, 0.9, 0.99].map((q) => quantile(exact, q)));
    }),
  );
});

test('a segment is chosen by its name, or by its name and its node', () => {
  const there = wayOf(shapeOf(['bridge', 'wire', 'bridge'], ['n1', 'n1', 'n2']));
  const local = wayOf(shapeOf(['bridge', 'route'], ['n1', 'n1']));
  expect(segmentChoices([there], 'total')).toEqual(['total', 'bridge@n1', 'wire', 'bridge@n2']);
  expect(segmentChoices([there, local], 'bridge@n2')).toEqual(['total', 'bridge', 'route', 'wire', 'bridge@n2']);
  const chosen = (choice: string): number[] => chooserOf(choice)(there);
  expect([chosen('bridge'), chosen('bridge@n2'), chosen('wire@n1'), chosen('total')]).toEqual([[0, 2], [2], [1], []]);
});

test('what is packed is told once, and told anew for another choice', () => {
  const history = createHistory(1000, 1 << 20);
  const timeline = createTimeline(history, () => []);
  const shape = shapeOf(['bridge', 'wire'], ['n1', 'n1']);
  const row = { base: 0, extras: 2, shape, way: wayOf(shape) } as unknown as Row;
  const chosen = { of: 'a', key: '1', rows: [row], others: [], axis: { from: 100, to: 110 }, segment: 'total' };
  for (let second = 100; second < 110; second++) {
    history.add(second, cellKey(seriesOf(row, Series.joined), 0), second);
    history.add(second, cellKey(seriesOf(row, Series.total), 40), 1);
    history.add(second, cellKey(1, 30), 2);
  }
  const open = timeline.columns(chosen, 111)!;
  expect([[...open.joined], [...open.n]]).toEqual([[...Array(10).keys()].map((at) => 100 + at), Array(10).fill(1)]);
  expect(open.segments).toEqual([]); // all paths are in focus
  expect(timeline.columns(chosen, 111)).toBeUndefined();
  history.turn(140);
  expect(timeline.columns(chosen, 140)!.joined).toEqual(open.joined);
  expect(timeline.columns(chosen, 150)).toBeUndefined();
  const wire = timeline.columns({ ...chosen, segment: 'wire' }, 150)!;
  expect([...wire.n]).toEqual(Array(10).fill(2));
  expect([...timeline.columns({ ...chosen, rows: [], key: '' }, 150)!.n]).toEqual(Array(10).fill(0));
});

test('the path in focus is told segment by segment', () => {
  const history = createHistory(1000, 1 << 20);
  const shape = { ...shapeOf(['bridge', 'wire'], ['n1', 'n1', 'n2']), name: 'a' };
  const row = { base: 0, extras: 2, shape, way: wayOf(shape) } as unknown as Row;
  const local = { ...shapeOf(['route'], ['n1']), name: 'b' };
  const other = { base: 10, extras: 11, shape: local, way: wayOf(local) } as unknown as Row;
  for (const [series, bucket] of [
    [0, 20],
    [1, 30],
    [seriesOf(row, Series.total), 40],
    [10, 50],
  ]) {
    history.add(104, cellKey(series, bucket), 3);
  }
  const chosen = { of: 'a', key: '1', rows: [other, row], others: [], axis: { from: 100, to: 110 }, segment: 'total' };
  const { segments } = createTimeline(history, () => []).columns(chosen, 111)!;
  expect(segments.map(({ name, place }) => `${name} ${place}`)).toEqual(['bridge n1', 'wire n1 ▸ n2', 'total ']);
  const known = segments.map(({ p50Ns }) => Array.from(p50Ns, (timeNs, at) => (Number.isNaN(timeNs) ? -1 : at)));
  expect(known).toEqual(Array(3).fill([-1, -1, -1, -1, 4, -1, -1, -1, -1, -1]));
  const [bridge, wire, total] = segments.map(({ p99Ns }) => p99Ns[4]);
  expect([bridge < wire, wire < total]).toEqual([true, true]);
});

test('what was lost is a part of all that its ends sent each other, and others’ times are not its own', () => {
  const history = createHistory(1000, 1 << 20);
  const laid = layRows();
  const hops = flannel('n1', 'a', 'n2', 'b');
  const arrived = laid.add({ hops });
  const lost = laid.add({ hops: hops.slice(0, 4), isLost: true, loss: 'vanished behind n1' });
  for (const [series, packets] of [
    [seriesOf(arrived, Series.joined), 95],
    [seriesOf(arrived, Series.total), 95],
    [seriesOf(arrived, Series.bytes), 9500],
    [seriesOf(lost, Series.lost), 5],
    [seriesOf(lost, Series.bytes), 500],
  ]) {
    history.add(104, cellKey(series, 0), packets);
  }
  const chosen = { of: lost.shape.name, key: '1', rows: [lost], others: [arrived], axis: { from: 104, to: 105 }, segment: 'total' }; // prettier-ignore
  const time = createTimeline(history, () => []).columns(chosen, 111)!;
  expect([time.lost[0], time.joined[0], time.n[0], time.bytes[0]]).toEqual([5, 95, 0, 500]);
});
