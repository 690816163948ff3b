import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TimeColumns } from '../worker/messages.ts';
import { BANDS, bandOf, bandStart, LOWEST_NS } from './bands.ts';
import { cividis, LEVELS, levelOf } from './cividis.ts';
import { hatchLines } from './pen.ts';
import { svgPen } from './svg-pen.ts';
import { drawTime } from './time-drawing.ts';
import { bandAtY, bandsOf, layOutTime, secondTicks, timeTicks, timeY } from './time-layout.ts';
import { secondText, summaryText } from './time-text.ts';

const SECONDS = 30;
const FROM = 1.7e9;

/** Of times in nanoseconds, the same in each second but for the last ten, which are empty. */
function columns(timesNs: number[]): TimeColumns {
  const column = (value: number): Float64Array =>
    Float64Array.from({ length: SECONDS }, (_, at) => (at < 20 ? value : Number.isNaN(value) ? NaN : 0));
  const timed = (value: number): Float64Array => column(value).map((one) => (one === 0 ? NaN : one));
  const heat = new Float32Array(SECONDS * BANDS);
  for (let at = 0; at < 20; at++) for (const timeNs of timesNs) heat[at * BANDS + bandOf(timeNs)]++;
  return {
    of: '', axis: { from: FROM, to: FROM + SECONDS }, segment: 'total', choices: ['total'], n: column(timesNs.length),
    p50Ns: timed(54_321), p90Ns: timed(100_000), p99Ns: timed(200_000), queueP50Ns: column(NaN), queueP99Ns: column(NaN),
    joined: column(9), lost: column(1), again: column(0), bytes: column(125_000), heat, segments: [], marks: [],
  }; // prettier-ignore
}

const palette = {
  panel: '#fff', line: '#eee', ink: '#111', text: '#222', dim: '#666', faint: '#999', body: '#555', shade: '#ddd',
  accent: '#07b', warn: '#850', loss: '#b40', isDark: false,
}; // prettier-ignore

const heats = fc
  .array(fc.tuple(fc.nat(SECONDS * BANDS - 1), fc.integer({ min: 1, max: 1e6 })), { minLength: 1, maxLength: 50 })
  .map((cells) => {
    const heat = new Float32Array(SECONDS * BANDS);
    for (const [at, count] of cells) heat[at] = count;
    return heat;
  });

test('every time that was measured lies on the map, at the height of its band', () => {
  const { heat: box } = layOutTime(900, false);
  fc.assert(
    fc.property(heats, (heat) => {
      const bands = bandsOf(heat);
      heat.forEach((count, at) => {
        if (count > 0 && (at % BANDS < bands.from || at % BANDS >= bands.to)) throw new Error(`outside: ${at}`);
      });
      for (let band = Math.max(1, bands.from); band < bands.to; band++) {
        const middleNs = (bandStart(band) + bandStart(band + 1)) / 2;
        expect(bandAtY(timeY(middleNs, bands, box), bands, box)).toBe(band);
      }
      for (const timeNs of timeTicks(bands)) expect(timeNs).toBeGreaterThanOrEqual(Math.min(LOWEST_NS, bandStart(bands.from))); // prettier-ignore
    }),
  );
});

test('labels of seconds are as far apart as they need to be, on round times', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 620 }), fc.integer({ min: 200, max: 3000 }), (length, width) => {
      const ticks = secondTicks({ from: FROM, to: FROM + length }, width);
      ticks.forEach((second, at) => {
        expect(second).toBeGreaterThanOrEqual(FROM);
        expect(second).toBeLessThan(FROM + length);
        if (at > 0) expect(((second - ticks[at - 1]) / length) * width).toBeGreaterThanOrEqual(length > 500 ? 60 : 72);
      });
    }),
  );
});

test('one packet is seen beside many, and more is never fainter', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.nat(1e6), fc.nat(1e6), (a, b, most) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)];
      expect(levelOf(less, most)).toBeLessThanOrEqual(levelOf(more, most));
      expect(levelOf(less + 1, most)).toBeGreaterThanOrEqual(1);
      expect(levelOf(more, most)).toBeLessThanOrEqual(LEVELS);
    }),
  );
  for (const isDark of [true, false]) expect(new Set(cividis(isDark)).size).toBe(LEVELS);
});

test('hatching stays in its box', () => {
  const box = { x: 10, y: 5, width: 33, height: 20 };
  const points = hatchLines(box).flat();
  expect(points.length).toBeGreaterThan(8);
  for (const { x, y } of points) {
    expect(x).toBeGreaterThanOrEqual(box.x);
    expect(x).toBeLessThanOrEqual(box.x + box.width);
    expect(y).toBeGreaterThanOrEqual(box.y);
    expect(y).toBeLessThanOrEqual(box.y + box.height);
  }
});

describe('the drawing as a file', () => {
  const draw = (time: TimeColumns, span = time.axis, title = 'all'): string => {
    const pen = svgPen();
    const layout = layOutTime(900, false);
    drawTime(pen, { time, span, held: time.axis, away: [], groups: [], palette }, layout);
    return pen.document(layout.width, layout.height, title, palette.panel);
  };

  test('stands alone: nothing from elsewhere, no style sheet, no script', () => {
    const svg = draw(columns([50_000, 50_100, 210_000]));
    expect(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true);
    expect(svg).not.toMatch(/NaN|undefined|Infinity|var\(|url\(|href|<style|<script|class=/);
    for (const text of ['p99', 'rate', '1 Mbit/s', '≤ 10 %', 'none']) expect(svg).toContain(`>${text}</text>`);
    // Twenty seconds with two bands each.
    expect(svg.match(/shape-rendering="crispEdges"/g)).toHaveLength(2);
    expect(svg.match(/h\d+\.\d+v\d+\.?\d*h-/g)!.length).toBeGreaterThanOrEqual(40);
  });

  test('escapes what others wrote', () => {
    const svg = draw(columns([1]), undefined, '<script>alert(1)</script>"&\u0000');
    expect(svg).toContain('<title>&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;</title>');
  });

  test('lets what is not looked at stand back', () => {
    const time = columns([50_000]);
    const isBack = (svg: string): number => svg.match(/fill-opacity="0.72"/g)?.length ?? 0;
    expect(isBack(draw(time))).toBe(0);
    expect(isBack(draw(time, { from: FROM + 5, to: FROM + 9 }))).toBe(2);
  });

  test('draws nothing that was not measured', () => {
    expect(draw(columns([]))).not.toMatch(/NaN|crispEdges/);
  });
});

test('a second is told exactly, with what it rests on', () => {
  const time = columns([50_000, 50_100, 210_000]);
  const said = secondText(time, 3, bandOf(50_000));
  expect(said).toEqual(expect.arrayContaining(['p50 54,321 ns', 'n 3', '1 Mbit/s', 'lost 1 of 10']));
  expect(said.some((part) => part.endsWith(': 2'))).toBe(true);
  expect(secondText(time, 25, 3)).toContain('no times');
  expect(summaryText(time, 'all paths')).toMatch(/^all paths, .*: 60 times, .* with 200 µs; 20 of 200 packets lost$/);
});
