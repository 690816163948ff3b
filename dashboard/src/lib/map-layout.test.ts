import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MapDevice, MapFrame, MapGroup, MapView } from '../worker/map/view.ts';
import { layOutMap, linkMiddle, linkPath, rateWidth } from './map-layout.ts';

const group = (node: string, slot: number): MapGroup => ({
  id: `${node}/${slot}`, slot, kind: 'pod', label: '', title: '', count: 1, device: '', words: [],
}); // prettier-ignore

const device = (node: string, name: string, column: number, place = 0): MapDevice => ({
  id: `${node}//${name}`, name, kind: 'other', column, place, words: [],
}); // prettier-ignore

const frame = (node: string, groups: number): MapFrame => ({
  node, state: 'up', level: 'pod',
  groups: Array.from({ length: groups }, (_, slot) => group(node, slot)),
  devices: [device(node, 'cni0', 0), device(node, 'flannel.1', 2), device(node, 'eth0', 3), device(node, 'eth1', 3, 1)],
}); // prettier-ignore

const mapOf = (groups: number[], columns: 1 | 2 = 2): Pick<MapView, 'frames' | 'columns' | 'lines'> => ({
  columns,
  frames: groups.map((count, at) => frame(`n${at + 1}`, count)),
  lines: Array.from({ length: Math.ceil(groups.length / columns) }, () => ({ lines: 10, middle: 4.5 })),
});

const widths = fc.integer({ min: 296, max: 2400 });

describe('the layout of the map', () => {
  test('keeps frames apart and everything of a frame inside it, devices in the order of leaving packets', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10 }), { maxLength: 9 }), widths, (groups, width) => {
        const map = mapOf(groups);
        const { frames, anchors, height } = layOutMap(map, width);
        frames.forEach((one, at) => {
          expect(one.x).toBeGreaterThanOrEqual(0);
          expect(one.x + one.width).toBeLessThanOrEqual(width + 1e-6);
          expect(one.y + one.height).toBeLessThanOrEqual(height);
          for (const other of frames.slice(0, at)) {
            const isApart = other.y + other.height < one.y || other.x + other.width < one.x;
            expect(isApart).toBe(true);
          }
          const xs = ['cni0', 'flannel.1', 'eth0'].map((name) => anchors.get(`n${at + 1}//${name}`)!.x * one.outward);
          expect(xs).toEqual(xs.toSorted((a, b) => a - b));
        });
        for (const { x, top, bottom, frame: at } of anchors.values()) {
          const { x: left, y, width: wide, height: high } = frames[at];
          expect(left < x && x < left + wide && y < top + 12 && bottom - 12 < y + high).toBe(true);
        }
      }),
    );
  });

  test('moves nothing when one more comes', () => {
    const [few, more] = [layOutMap(mapOf([2, 3]), 1000), layOutMap(mapOf([4, 3]), 1000)];
    for (const [id, { x, y }] of few.anchors) expect([id, more.anchors.get(id)]).toMatchObject([id, { x, y }]);
  });

  test('puts frames under each other where there is no room', () => {
    const { frames } = layOutMap(mapOf([2, 2]), 330);
    expect(frames[0].x).toBe(frames[1].x);
    expect(frames[1].y).toBeGreaterThan(frames[0].y + frames[0].height);
  });

  test('shows fifty nodes in little more than a screen', () => {
    const lines = Array.from({ length: 25 }, () => ({ lines: 1, middle: 0 }));
    const { frames, height } = layOutMap({ ...mapOf(Array<number>(50).fill(1)), lines }, 1000);
    expect(frames.every(({ isCompact }) => isCompact)).toBe(true);
    expect(height).toBeLessThan(1000);
  });
});

describe('links', () => {
  test('begin and end where their ends are, and stay within the map', () => {
    fc.assert(
      fc.property(widths, fc.nat(49), fc.nat(49), (width, a, b) => {
        const { anchors } = layOutMap(mapOf(Array<number>(50).fill(1)), width);
        const [from, to] = [anchors.get(`n${a + 1}//eth0`)!, anchors.get(`n${b + 1}//eth0`)!];
        const path = linkPath({ isWire: true }, from, to);
        const [x1, y1, , , , , x4, y4] = path.match(/-?\d+(\.\d+)?/g)!.map(Number);
        expect([x1, y1, x4, y4].map(Math.round)).toEqual([from.x, from.y, to.x, to.y].map(Math.round));
        const { x } = linkMiddle({ isWire: true }, from, to);
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('are as wide as their own rate, whatever others are', () => {
    const widthsOf = [0, 1e3, 1e6, 1e9].map(rateWidth);
    expect(widthsOf).toEqual(widthsOf.toSorted((a, b) => a - b));
    expect(widthsOf[0]).toBe(1);
    expect(widthsOf[3]).toBeLessThan(9);
  });
});
